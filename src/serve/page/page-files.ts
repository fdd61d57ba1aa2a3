import { readFile } from 'node:fs/promises'
import { PairduckError } from '../../errors.ts'

/** The built page: a document, its script and its style, which ask nothing of other servers. */
export interface PageFiles {
  readonly html: string
  readonly script: string
  readonly style: string
  readonly icon: string
}

/** Where the build puts it: the same place seen from src/ and from dist/. */
const folder = new URL('../../../dist/page/', import.meta.url)

/** Reads the built page. `IO_FAILED` in a clone where it was not built. */
export async function readPageFiles(): Promise<PageFiles> {
  try {
    const [html, script, style, icon] = await Promise.all(
      ['index.html', 'page.js', 'page.css', 'icon.svg'].map(read),
    )
    return { html: html!, script: script!, style: style!, icon: icon! }
  } catch (error) {
    throw new PairduckError('IO_FAILED', 'the page is not built: `npm run build` makes it', {
      cause: error,
    })
  }
}

function read(name: string): Promise<string> {
  return readFile(new URL(name, folder), 'utf8')
}
