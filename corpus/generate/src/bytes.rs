//! Models as bytes: the form of a fuzzer's corpus, and any bytes read as the generator's choices.

use std::hash::Hasher;

use arbitrary::{Arbitrary, Unstructured};
use siphasher::sip::SipHasher13;

use crate::engine;
use crate::model::Model;
use crate::profile::Profile;
use crate::random::Random;
use crate::topics::Topic;

/// How the stored form begins; a checksum follows, so that damaged bytes are never decoded.
const MAGIC: [u8; 4] = *b"THGM";

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish().to_le_bytes()
}

pub fn encode(model: &Model) -> Vec<u8> {
    let body = postcard::to_stdvec(model).expect("a model always has an encoding");
    let mut bytes = MAGIC.to_vec();
    bytes.extend(checksum(&body));
    bytes.extend(body);
    bytes
}

pub fn decode(bytes: &[u8]) -> Model {
    stored(bytes).unwrap_or_else(|| from_choices(bytes))
}

fn stored(bytes: &[u8]) -> Option<Model> {
    let rest = bytes.strip_prefix(&MAGIC)?;
    let (sum, body) = rest.split_at_checked(8)?;
    if sum != checksum(body) {
        return None;
    }
    let model: Model = postcard::from_bytes(body).ok()?;
    (model.version == crate::VERSION).then_some(model)
}

/// The first byte chooses the topic, the number of bytes how long the program gets, the rest what is drawn.
fn from_choices(bytes: &[u8]) -> Model {
    let topic = Topic::ALL[usize::from(bytes.first().copied().unwrap_or(0)) % Topic::ALL.len()];
    let choices = bytes.get(1..).unwrap_or(&[]);
    let length = (choices.len() / 8).clamp(1, 32);
    let mut random = Random::from_bytes(choices);
    engine::build(&mut random, 0, topic, &Profile::full(), length)
}

impl<'a> Arbitrary<'a> for Model {
    fn arbitrary(unstructured: &mut Unstructured<'a>) -> arbitrary::Result<Model> {
        let length = unstructured.arbitrary_len::<u8>()?;
        Ok(decode(unstructured.bytes(length)?))
    }

    fn arbitrary_take_rest(unstructured: Unstructured<'a>) -> arbitrary::Result<Model> {
        Ok(decode(unstructured.take_rest()))
    }
}
