import { expect, test } from 'vitest'
import { backportsSource, hasBackports } from '../../src/valkey/local/apt-sources.ts'

test('deb822: the release stanza again, with the suite of backports and all else kept', () => {
  const text = [
    'Types: deb',
    '# a comment',
    'URIs: http://mirror.example/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main contrib',
    'Signed-By: /usr/share/keyrings/a.gpg',
    '',
    'Types: deb',
    'URIs: http://mirror.example/debian-security',
    'Suites: bookworm-security',
    'Components: main',
    '',
  ].join('\n')
  expect(backportsSource(text, 'bookworm')).toBe(
    [
      'Types: deb',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm-backports',
      'Components: main contrib',
      'Signed-By: /usr/share/keyrings/a.gpg',
      '',
    ].join('\n'),
  )
  expect(hasBackports(text, 'bookworm')).toBe(false)
  expect(backportsSource(text, 'trixie')).toBeUndefined()
})

test('deb822: a list over several lines, a stanza that is switched off, sources only', () => {
  const stanza =
    'Types: deb deb-src\nURIs: http://m.example/u\nSuites: noble\n noble-updates\nComponents: main'
  expect(backportsSource(stanza, 'noble')).toBe(
    'Types: deb deb-src\nURIs: http://m.example/u\nSuites: noble-backports\nComponents: main\n',
  )
  expect(backportsSource(`Enabled: no\n${stanza}`, 'noble')).toBeUndefined()
  expect(backportsSource(stanza.replace('deb deb-src', 'deb-src'), 'noble')).toBeUndefined()
})

test('one-line entries keep their options; comments and other suites stay out', () => {
  const text = [
    '# deb http://m.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bookworm main contrib',
    'deb http://m.example/debian bookworm-updates main',
    'deb-src http://m.example/debian bookworm main',
  ].join('\n')
  expect(backportsSource(text, 'bookworm')).toBe(
    'deb [arch=amd64 signed-by=/k.gpg] http://m.example/debian bookworm-backports main contrib\n',
  )
})

test('backports that are there already are seen, unless commented out', () => {
  expect(hasBackports('deb http://m.example/debian bookworm-backports main', 'bookworm')).toBe(true)
  expect(hasBackports('#deb http://m.example/debian bookworm-backports main', 'bookworm')).toBe(
    false,
  )
  expect(hasBackports('Types: deb\nSuites: bookworm bookworm-backports\n', 'bookworm')).toBe(true)
})
