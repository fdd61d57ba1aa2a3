import { begins, type FileHead, type UnreadFormat } from './format.ts'

/** Formats that people have and that are not read: each is named, with the way on. */
export const unreadFormats: readonly UnreadFormat[] = [
  unread(
    'xz',
    'is compressed with xz, which is not read: unpack it (`unxz`), or pipe it: xz -dc <file> | pairduck import <pair> -',
    magic(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  ),
  unread(
    'bzip2',
    'is compressed with bzip2, which is not read: unpack it (`bunzip2`), or pipe it: bzip2 -dc <file> | pairduck import <pair> -',
    ({ bytes }) => /^BZh[1-9](?:1AY&SY|.rE8P)/s.test(bytes.toString('latin1', 0, 10)),
  ),
  unread(
    'lz4',
    'is compressed with lz4, which is not read: pipe it: lz4 -dc <file> | pairduck import <pair> -',
    magic(0x04, 0x22, 0x4d, 0x18),
  ),
  unread(
    '7z',
    'is a 7z archive, which is not read: unpack it, and import what is in it',
    magic(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c),
  ),
  unread(
    'rar',
    'is a RAR archive, which is not read: unpack it, and import what is in it',
    text('Rar!\x1a\x07'),
  ),
  unread(
    'tar',
    'is a tar archive, which is not read: unpack it (`tar -xf`), and import what is in it',
    ({ bytes }) => bytes.toString('latin1', 257, 262) === 'ustar',
  ),
  unread(
    'feather',
    'is a Feather (Arrow IPC) file, which is not read: write Parquet instead, in Python pandas.read_feather(<file>).to_parquet("trades.parquet")',
    (head) => text('ARROW1')(head) || text('FEA1')(head) || magic(0xff, 0xff, 0xff, 0xff)(head),
  ),
  unread(
    'utf-16',
    'is text in UTF-16, which is not read: save it as UTF-8, or pipe it: iconv -f UTF-16 -t UTF-8 <file> | pairduck import <pair> -',
    isUtf16,
  ),
  unread(
    'excel',
    'is an Excel workbook of the old kind (.xls), which is not read: save the sheet as CSV UTF-8, and import that',
    magic(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1),
  ),
  unread(
    'hdf5',
    'is an HDF5 file, which is not read: write Parquet instead, in Python pandas.read_hdf(<file>).to_parquet("trades.parquet")',
    magic(0x89, 0x48, 0x44, 0x46),
  ),
  unread(
    'pickle',
    'is a Python pickle, which is not read: write Parquet instead, in Python pandas.read_pickle(<file>).to_parquet("trades.parquet")',
    ({ bytes }) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5 && bytes.includes(0),
  ),
  unread(
    'sqlite',
    'is an SQLite database, which is not read: export a CSV of the table: sqlite3 -header -csv <file> "SELECT …"',
    text('SQLite format 3\0'),
  ),
  unread('orc', 'is an ORC file, which is not read: write Parquet instead', text('ORC')),
  unread('avro', 'is an Avro file, which is not read: write Parquet instead', text('Obj\x01')),
  unread(
    'duckdb',
    "is a DuckDB database: if pairduck wrote it, put it in the data directory; else export its table: COPY … TO 'trades.parquet'",
    ({ bytes }) => bytes.toString('latin1', 8, 12) === 'DUCK',
  ),
  unread('pdf', 'is a PDF file: nothing can be read from it', text('%PDF-')),
  unread(
    'html',
    'is a web page or XML and no data: perhaps the download was answered by an error page',
    (head) => /^<(?:!doctype|html|\?xml|head|body|error)/i.test(head.text),
  ),
]

function unread(name: string, about: string, fits: (head: FileHead) => boolean): UnreadFormat {
  return { kind: 'unread', name, about, fits }
}

function magic(...bytes: readonly number[]): (head: FileHead) => boolean {
  return (head) => begins(head, ...bytes)
}

function text(begin: string): (head: FileHead) => boolean {
  return magic(...Buffer.from(begin, 'latin1'))
}

/** With its mark, or, without one, as every second byte of Latin letters and digits is then zero. */
function isUtf16(head: FileHead): boolean {
  if (begins(head, 0xff, 0xfe) || begins(head, 0xfe, 0xff)) return true
  const bytes = head.bytes.subarray(0, 200)
  const zeros = (from: number): number =>
    bytes.filter((byte, at) => at % 2 === from && byte === 0).length
  return (
    bytes.length >= 20 &&
    [0, 1].some((from) => zeros(from) > bytes.length * 0.4 && zeros(1 - from) === 0)
  )
}
