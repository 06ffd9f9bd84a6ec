// The index is cut into files by the first letters of a word; each calls twinheapShard when it has been loaded.
"use strict";
const shards = new Map();
const waiting = new Map();

function twinheapShard(prefix, entries) {
  shards.set(prefix, entries);
  (waiting.get(prefix) || []).forEach((tell) => tell(entries));
}

function load(prefix) {
  if (shards.has(prefix)) return Promise.resolve(shards.get(prefix));
  return new Promise((tell) => {
    if (waiting.has(prefix)) { waiting.get(prefix).push(tell); return; }
    waiting.set(prefix, [tell]);
    const script = document.createElement("script");
    script.src = "search/" + prefix + ".js";
    document.head.append(script);
  });
}

let latest = 0;
async function search(query) {
  const own = ++latest;
  const words = query.toLowerCase().match(/[a-z0-9]+/g) || [];
  const longest = words.reduce((one, other) => (other.length > one.length ? other : one), "");
  const list = document.getElementById("found");
  const said = document.getElementById("said");
  if (longest.length < 3) { list.replaceChildren(); return; }
  const wanted = twinheapPrefixes.filter((prefix) => prefix.startsWith(longest) || longest.startsWith(prefix));
  const loaded = (await Promise.all(wanted.slice(0, 12).map(load))).flat();
  if (own !== latest) return;
  const seen = new Set();
  const hits = loaded.filter(([title, url]) => {
    const text = title.toLowerCase();
    const fits = !seen.has(url) && words.every((word) => text.includes(word));
    if (fits) seen.add(url);
    return fits;
  });
  said.textContent = hits.length + (hits.length === 1 ? " hit" : " hits") + (hits.length > 200 ? "; the first 200 are shown" : "");
  list.replaceChildren(...hits.slice(0, 200).map(([title, url]) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = url;
    link.textContent = title;
    item.append(link);
    return item;
  }));
}

const field = document.getElementById("query");
field.addEventListener("input", () => {
  history.replaceState(null, "", "#" + encodeURIComponent(field.value));
  search(field.value);
});
field.value = decodeURIComponent(location.hash.slice(1));
search(field.value);
