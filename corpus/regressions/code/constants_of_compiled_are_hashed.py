# Found by a campaign: heap | bytes PyBytesObject.ob_shash | finished
name = 'the name' + ' of a file'
code = compile('x = b"aa", "b c"\ndef f(): return "d e"', name, 'exec')
function = eval('lambda *a, k=3: a')
replaced = code.replace()
same = code == replaced
