/** date-fns' tokens → those of the engine's `strptime`. */
const tokens: Readonly<Record<string, string>> = {
  yyyy: '%Y',
  yy: '%y',
  MMMM: '%B',
  MMM: '%b',
  MM: '%m',
  M: '%m',
  dd: '%d',
  d: '%d',
  HH: '%H',
  H: '%H',
  hh: '%I',
  h: '%I',
  mm: '%M',
  m: '%M',
  ss: '%S',
  s: '%S',
  SSS: '%g',
  SSSSSS: '%f',
  SSSSSSSSS: '%n',
  a: '%p',
  aa: '%p',
  EEEE: '%A',
  EEE: '%a',
  XXX: '%z',
  XX: '%z',
  X: '%z',
  xxx: '%z',
  xx: '%z',
  x: '%z',
}

/**
 * What reads times that are written by a date-fns format (`dd/MM/yyyy HH:mm:ss.SSS`); text in it
 * stands in quotes. TypeError for a token that is not known.
 */
export function strptimeOf(format: string): string {
  let pattern = ''
  for (const [piece, quoted, letters] of format.matchAll(
    /'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+/g,
  )) {
    if (quoted !== undefined) pattern += escaped(quoted === '' ? `'` : quoted.replaceAll(`''`, `'`))
    else if (letters === undefined) pattern += escaped(piece)
    else if (piece === 'T') pattern += piece
    else {
      const token = tokens[piece]
      if (token === undefined)
        throw new TypeError(
          `time format ${format}: \`${piece}\` is no token that is known: ${Object.keys(tokens).join(' ')}; letters that stand for themselves go in single quotes`,
        )
      pattern += token
    }
  }
  return pattern
}

function escaped(text: string): string {
  return text.replaceAll('%', '%%')
}
