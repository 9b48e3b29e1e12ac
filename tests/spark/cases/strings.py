"""Functions of strings and binaries."""

from __future__ import annotations

from typing import Any

from spark.oracle.table import Table

CASES = Table()

CASES.expressions(
    "case and length",
    r"""
upper('aBc ž ß')
ucase('a')
lower('ABC ŽÍ İ')
lcase('A')
upper(null)
upper(12)
initcap('hello wORLD foo-bar  x')
initcap('žluť ABC')
length('abc')
length('馬😀')
length('a  ')
length(null)
length(X'0102')
length(123)
char_length('abc')
character_length('abc')
len('abc')
octet_length('馬')
bit_length('馬')
reverse('abc')
reverse('a😀b')
reverse(array(1, 2, 3))
ascii('a')
ascii('')
ascii('馬')
ascii('😀')
chr(65)
char(256)
chr(-1)
chr(97.9)
soundex('Miller')
soundex('')
levenshtein('kitten', 'sitting')
levenshtein('kitten', 'sitting', 2)
levenshtein(null, 'a')
""",
)
CASES.expressions(
    "trim and pad",
    r"""
trim('  a b  ')
trim('\t a \n')
ltrim('  a ')
rtrim(' a  ')
btrim('  a ')
btrim('xxaxx', 'x')
trim('xy', 'xxyaxyx')
trim(BOTH 'x' FROM 'xxaxx')
trim(LEADING 'x' FROM 'xxaxx')
trim(TRAILING 'x' FROM 'xxaxx')
trim(FROM '  a ')
ltrim('xy', 'yxa')
rtrim('xy', 'axy')
trim('', ' a ')
trim(null)
lpad('a', 3, '*')
lpad('abcd', 3, '*')
lpad('a', 5, 'xy')
lpad('a', 3)
lpad('a', 3, '')
lpad('a', -1, 'x')
lpad('a', 0, 'x')
rpad('a', 3, '*')
rpad('a', 5, 'xy')
rpad('馬', 3, '-')
lpad(null, 3, 'x')
lpad(X'01', 3, X'00')
repeat('ab', 3)
repeat('ab', 0)
repeat('ab', -1)
space(3)
space(-1)
concat('[', space(2), ']')
""",
)
CASES.expressions(
    "substring",
    r"""
substring('Spark SQL', 5)
substring('Spark SQL', -3)
substring('Spark SQL', 5, 1)
substring('Spark SQL', 0, 3)
substring('Spark SQL', 1, 3)
substring('Spark SQL', -3, 2)
substring('Spark SQL', -20, 15)
substring('Spark SQL', 20, 3)
substring('Spark SQL', 2, -1)
substring('Spark SQL', 2, 0)
substring('Spark SQL' FROM 5)
substring('Spark SQL' FROM 5 FOR 1)
substring('馬😀žx', 2, 2)
substring(null, 1, 2)
substring('abc', null, 1)
substring(12345, 2, 3)
substring('abc', 2147483647)
substring('abc', 2, 2147483647)
substr('abc', 2)
mid('abc', 2, 1)
left('Spark', 3)
left('Spark', 0)
left('Spark', -1)
left('Spark', 100)
right('Spark', 2)
right('Spark', 0)
right('Spark', -1)
right(null, 1)
substring_index('www.apache.org', '.', 2)
substring_index('www.apache.org', '.', -2)
substring_index('www.apache.org', '.', 0)
substring_index('www.apache.org', 'x', 2)
substring_index('www.apache.org', '', 2)
substring(X'010203', 2, 1)
overlay('Spark SQL' PLACING '_' FROM 6)
overlay('Spark SQL' PLACING 'CORE' FROM 7)
overlay('Spark SQL' PLACING 'tructured' FROM 2 FOR 4)
overlay('Spark SQL', 'ANSI ', 7, 0)
""",
)
CASES.expressions(
    "search and replace",
    r"""
instr('SparkSQL', 'SQL')
instr('SparkSQL', 'x')
instr('SparkSQL', '')
instr(null, 'a')
instr('馬a', 'a')
locate('bar', 'foobarbar')
locate('bar', 'foobarbar', 5)
locate('bar', 'foobarbar', 0)
locate('', 'abc')
locate('x', 'abc')
position('bar', 'foobarbar')
position('bar' IN 'foobarbar')
charindex('bar', 'foobarbar', 5)
find_in_set('ab', 'abc,b,ab,c,def')
find_in_set('a,b', 'a,b')
find_in_set('', ',a')
replace('ABCabc', 'abc', 'DEF')
replace('ABCabc', 'abc')
replace('abc', '', 'x')
replace('abc', 'b', null)
translate('AaBbCc', 'abc', '123')
translate('abc', 'abc', '1')
translate('abc', 'aab', '123')
translate('😀a', '😀', 'x')
split('oneAtwoBthreeC', '[ABC]')
split('oneAtwoBthreeC', '[ABC]', 2)
split('oneAtwoBthreeC', '[ABC]', -1)
split('oneAtwoBthreeC', '[ABC]', 0)
split('a,b,,', ',')
split('a,b,,', ',', 0)
split('', ',')
split('abc', '')
split('a.b', '.')
split('a.b', '\\.')
split('a|b', '|')
split('a|b', '\\|')
split(null, ',')
split('a', null)
split('a b  c', ' +')
split('abc', '(')
split_part('11.12.13', '.', 3)
split_part('11.12.13', '.', -1)
split_part('11.12.13', '.', 5)
split_part('11.12.13', '.', 0)
split_part('abc', '', 1)
split('a,b', ',')[0]
split('a,b', ',')[5]
regexp_replace('100-200', '(\\d+)', 'num')
regexp_replace('100-200', '(\\d+)-(\\d+)', '$2-$1')
regexp_replace('100-200', '(\\d+)', '[$0]')
regexp_replace('100-200', '(\\d+)', 'x', 4)
regexp_replace('abc', '', '-')
regexp_replace('abc', 'b', '$')
regexp_replace('abc', 'b', '\\$')
regexp_replace('a.b.c', '.', '-')
regexp_replace('abc', '(', 'x')
regexp_replace('ABC', '(?i)b', 'x')
regexp_replace('žluť', '[^a-z]', '')
regexp_replace(null, 'a', 'b')
regexp_extract('100-200', '(\\d+)-(\\d+)', 1)
regexp_extract('100-200', '(\\d+)-(\\d+)', 2)
regexp_extract('100-200', '(\\d+)-(\\d+)')
regexp_extract('100-200', '(\\d+)-(\\d+)', 0)
regexp_extract('100-200', '(\\d+)-(\\d+)', 3)
regexp_extract('100-200', '(\\d+)-(\\d+)', -1)
regexp_extract('foo', '(\\d+)', 1)
regexp_extract('ab', '(a)|(b)', 2)
regexp_extract(null, 'a', 0)
regexp_extract('x', '\\w', 1)
regexp_extract_all('100-200, 300-400', '(\\d+)-(\\d+)', 1)
regexp_extract_all('100-200, 300-400', '\\d+', 0)
regexp_extract_all('abc', '\\d+', 0)
regexp_count('a1b2', '\\d')
regexp_instr('a1b2', '\\d')
regexp_substr('a1b2', '\\d')
regexp_substr('ab', '\\d')
""",
)
CASES.expressions(
    "concat and format",
    r"""
concat('a', 'b')
concat('a', null)
concat('a', 1, true)
concat('a', 1.5D, DATE '2024-01-01')
concat()
concat('a')
concat(array(1), array(2, 3))
concat(array(1), array('a'))
concat(X'01', X'02')
'a' || 'b' || 1
'a' || null
concat_ws('-', 'a', 'b')
concat_ws('-', 'a', null, 'c')
concat_ws('-', array('a', 'b', null), 'c')
concat_ws('-')
concat_ws(null, 'a')
concat_ws('-', 1, 2)
concat_ws('-', array())
format_string('%s has %d', 'x', 5)
format_string('%05d|%-5s|%5s|%x|%X|%o', 42, 'ab', 'cd', 255, 255, 8)
format_string('%.2f', 3.14159D)
format_string('%10.3f|%e', 3.14159D, 12345.678D)
format_string('%,d', 1234567)
format_string('%s', null)
format_string('%d', null)
format_string('%%')
format_string('%s', array(1))
format_string('%d', 'x')
format_string('%s %s', 'a')
format_string('%b %c', true, 'a')
format_string('%1$s %1$s', 'a')
printf('%s', 'a')
format_number(1234567.891, 2)
format_number(1234567.891D, 0)
format_number(1234567, 2)
format_number(0.5D, 0)
format_number(1.5D, 0)
format_number(2.5D, 0)
format_number(-1234.567D, 1)
format_number(1234.5, '#,###.000')
format_number(12332.123456D, '##################.###')
format_number(1, -1)
format_number(null, 2)
format_number(double('NaN'), 2)
to_char(454, '999')
to_char(12454, '99G999')
to_char(78.12, '$99.99')
to_number('454', '999')
to_number('12,454.8', '99,999.9')
try_to_number('x', '999')
elt(1, 'a', 'b')
elt(3, 'a', 'b')
elt(0, 'a')
field('b', 'a', 'b')
quote('it\'s')
""",
)
CASES.expressions(
    "encode and hash",
    r"""
base64('Spark')
base64(X'00FF')
unbase64('U3Bhcms=')
unbase64('U3Bhcms')
unbase64('!!')
hex(17)
hex(-1)
hex(17L)
hex('Spark')
hex(X'0AFF')
hex(null)
unhex('537061726B')
unhex('F')
unhex('GG')
bin(13)
bin(-13)
conv('100', 2, 10)
conv('-10', 16, -10)
conv('ff', 16, 2)
conv('zz', 36, 10)
conv('9', 8, 10)
conv('', 2, 10)
md5('Spark')
md5(X'00')
md5(null)
sha('Spark')
sha1('Spark')
sha2('Spark', 256)
sha2('Spark', 0)
sha2('Spark', 224)
sha2('Spark', 384)
sha2('Spark', 512)
sha2('Spark', 1)
crc32('Spark')
hash('Spark')
hash(1)
hash(1L)
hash(1.5D)
hash(1.5F)
hash(0.0D)
hash(-0.0D)
hash(true)
hash(null)
hash('a', 1, null, 2L)
hash(DATE '2024-01-01')
hash(TIMESTAMP '2024-01-01 00:00:00')
hash(1.50)
hash(CAST(1.5 AS DECIMAL(30,2)))
hash(array(1, 2))
hash(struct(1, 'a'))
hash(X'0102')
hash(1Y, 1S)
hash('馬😀 longer than eight')
hash()
xxhash64('Spark')
xxhash64(1)
xxhash64(1L)
xxhash64('a', 1, null)
xxhash64(1.5D)
xxhash64(array(1, 2))
xxhash64('a longer text of more than thirty two bytes to hash')
xxhash64(1.50)
xxhash64(DATE '2024-01-01')
encode('abc', 'utf-8')
encode('ž', 'ISO-8859-1')
encode('ž', 'UTF-16BE')
encode('a', 'nope')
decode(X'616263', 'utf-8')
decode(X'C5BE', 'UTF-8')
decode(encode('abc', 'utf-16'), 'utf-16')
url_encode('https://spark.apache.org/a b')
url_decode('https%3A%2F%2Fspark.apache.org%2Fa+b')
try_url_decode('%zz')
parse_url('http://spark.apache.org/path?query=1#Ref', 'HOST')
parse_url('http://spark.apache.org/path?query=1', 'QUERY', 'query')
parse_url('http://user@spark.apache.org:80/path?query=1', 'PROTOCOL')
parse_url('http://spark.apache.org/path', 'PATH')
is_valid_utf8('a')
to_binary('abc', 'utf-8')
to_binary('616263')
to_binary('YWJj', 'base64')
try_to_binary('x', 'hex')
mask('AbCD123-@$#')
mask('AbCD123-@$#', 'Q', 'q', 'd', 'o')
luhn_check('8112189876')
uuid() IS NOT NULL
sentences('Hi there! Good morning.')
aes_decrypt(aes_encrypt('Spark', '0000111122223333'), '0000111122223333')
collate('a', 'UTF8_LCASE') = 'A'
""",
)
C = CASES.columns
C(
    "over rows",
    "texts",
    {
        "upper": lambda F: F.upper("s"),
        "lower": lambda F: F.lower(F.col("s")),
        "length": lambda F: F.length("s"),
        "initcap": lambda F: F.initcap("s"),
        "trim": lambda F: F.trim("s"),
        "trim chars": lambda F: F.trim(F.col("s"), F.lit("x")),
        "ltrim": lambda F: F.ltrim("s"),
        "rtrim": lambda F: F.rtrim("s"),
        "lpad": lambda F: F.lpad("s", 8, "#"),
        "rpad": lambda F: F.rpad("s", 8, "#"),
        "reverse": lambda F: F.reverse("s"),
        "repeat": lambda F: F.repeat("s", 2),
        "substring": lambda F: F.substring("s", 2, 3),
        "substring negative": lambda F: F.substring("s", -3, 2),
        "substring_index": lambda F: F.substring_index("s", " ", 1),
        "instr": lambda F: F.instr("s", "l"),
        "locate": lambda F: F.locate("l", "s", 5),
        "split": lambda F: F.split("s", " "),
        "split limit": lambda F: F.split("s", ",", 2),
        "split element": lambda F: F.split("s", ",").getItem(0),
        "regexp_replace": lambda F: F.regexp_replace("s", "[aeiou]", "*"),
        "regexp_replace groups": lambda F: F.regexp_replace("s", r"(\w)(\w)", "$2$1"),
        "regexp_extract": lambda F: F.regexp_extract("s", r"(\w+) (\w+)", 2),
        "regexp_extract_all": lambda F: F.regexp_extract_all("s", F.lit(r"(\w)o"), 1),
        "concat": lambda F: F.concat("s", F.lit("-"), "t"),
        "concat_ws": lambda F: F.concat_ws("-", "s", "t"),
        "format_string": lambda F: F.format_string("%s=%d", "s", "id"),
        "translate": lambda F: F.translate("s", "lo", "01"),
        "replace": lambda F: F.replace("s", F.lit("l"), F.lit("L")),
        "ascii": lambda F: F.ascii("s"),
        "base64": lambda F: F.base64("s"),
        "unbase64": lambda F: F.unbase64(F.base64("s")),
        "hex": lambda F: F.hex("s"),
        "unhex": lambda F: F.unhex(F.hex("s")),
        "md5": lambda F: F.md5("s"),
        "sha1": lambda F: F.sha1("s"),
        "sha2": lambda F: F.sha2("s", 256),
        "crc32": lambda F: F.crc32("s"),
        "hash": lambda F: F.hash("s", "t", "id"),
        "xxhash64": lambda F: F.xxhash64("s", "t", "id"),
        "soundex": lambda F: F.soundex("s"),
        "levenshtein": lambda F: F.levenshtein("s", "t"),
        "encode": lambda F: F.encode("s", "UTF-8"),
        "decode": lambda F: F.decode(F.encode("s", "UTF-16"), "UTF-16"),
        "overlay": lambda F: F.overlay("s", "t", 2, 1),
        "octet_length": lambda F: F.octet_length("s"),
        "startswith": lambda F: F.startswith("s", "t"),
        "contains": lambda F: F.contains("s", "t"),
        "endswith": lambda F: F.endswith("s", "t"),
        "left": lambda F: F.left("s", F.lit(2)),
        "right": lambda F: F.right("s", F.lit(2)),
        "split_part": lambda F: F.split_part("s", F.lit(","), F.lit(2)),
        "url_encode": lambda F: F.url_encode("s"),
        "mask": lambda F: F.mask("s"),
        "find_in_set": lambda F: F.find_in_set("t", "s"),
        "bit_length": lambda F: F.bit_length("s"),
        "to_binary": lambda F: F.to_binary("s", F.lit("utf-8")),
        "sentences": lambda F: F.sentences("s"),
        "randstr length": lambda F: F.length(F.randstr(5, 1)),
    },
)


def _hashed(function: str, column: str) -> Any:
    return lambda F: getattr(F, function)(column)


for table, columns in {
    "numbers": ("i", "l", "d", "f", "m", "b"),
    "times": ("ts", "day", "ntz"),
    "nested": ("a", "s", "aa", "m"),
}.items():
    for function in ("hash", "xxhash64"):
        C(f"{function} of {table}", table, {column: _hashed(function, column) for column in columns})
