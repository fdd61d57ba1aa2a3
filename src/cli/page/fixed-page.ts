import { createHash } from 'node:crypto'
import type { PageFiles } from '../../serve/page/page-files.ts'

/**
 * One document that holds the page and its data: it opens from a disk, asks nothing of anybody, and
 * its policy lets no other script or style run than the two whose digests it names.
 */
export function fixedPage({ script, style, icon }: PageFiles, title: string, data: object): string {
  const policy = [
    `default-src 'none'`,
    `script-src '${digest(script)}'`,
    `style-src '${digest(style)}'`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
  const iconAddress = `data:image/svg+xml;base64,${Buffer.from(icon).toString('base64')}`
  return `<!doctype html>
<html lang="en" data-theme="dark">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="dark light" />
    <title>${escaped(title)}</title>
    <link rel="icon" href="${iconAddress}" type="image/svg+xml" />
    <style>${style}</style>
  </head>
  <body>
    <script type="application/json" id="data">${jsonText(data)}</script>
    <script>${script}</script>
  </body>
</html>
`
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** No text of the data ends the element that holds it. */
function jsonText(data: object): string {
  return JSON.stringify(data).replaceAll('<', String.raw`\u003c`)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
