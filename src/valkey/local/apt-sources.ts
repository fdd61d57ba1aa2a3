/**
 * The machine's own package source, narrowed to `<codename>-backports`: takes the text of one of
 * its source files (one-line or deb822 form) and gives the entries for the release `codename`
 * again with that suite. Undefined when the file has no such entry. Mirror, components and keys
 * stay the machine's own.
 */
export function backportsSource(text: string, codename: string): string | undefined {
  const entries = isDeb822(text) ? stanzas(text, codename) : lines(text, codename)
  return entries.length > 0 ? `${entries.join('\n\n')}\n` : undefined
}

/** Whether a source file already offers `<codename>-backports`. */
export function hasBackports(text: string, codename: string): boolean {
  const active = text.split('\n').filter((line) => !line.trimStart().startsWith('#'))
  return active.some((line) => line.split(/\s+/).includes(`${codename}-backports`))
}

function isDeb822(text: string): boolean {
  return /^Types:/im.test(text)
}

function stanzas(text: string, codename: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replaceAll(/^#.*\n?/gm, '').trim())
    .filter((stanza) => !/^Enabled:\s*(?:no|false|off|0)\s*$/im.test(stanza))
    .filter((stanza) => /^Types:.*\bdeb(?!-)/im.test(stanza) && suites(stanza).includes(codename))
    .map((stanza) => stanza.replace(/^Suites:.*(?:\n[ \t].*)*/im, `Suites: ${codename}-backports`))
}

function suites(stanza: string): string[] {
  const field = /^Suites:(.*(?:\n[ \t].*)*)/im.exec(stanza)?.[1] ?? ''
  return field.split(/\s+/)
}

function lines(text: string, codename: string): string[] {
  const entry = /^(\s*deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)(\S+)(\s.*)$/
  return text.split('\n').flatMap((line) => {
    const [, head, suite, tail] = entry.exec(line) ?? []
    return suite === codename ? [`${head}${codename}-backports${tail}`] : []
  })
}
