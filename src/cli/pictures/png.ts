import { execFile } from 'node:child_process'
import { access, constants, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { pathToFileURL } from 'node:url'
import { PairduckError } from '../../errors.ts'
import { pictureSize } from './svg.ts'

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'chrome.exe',
  'msedge',
  'msedge.exe',
]
const fixedPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]
const deadlineMs = 60_000
/** Pixels of a picture for each CSS pixel: sharp on today's screens. */
const scale = 2

/** A picture as PNG, drawn by the Chromium of this machine. `PACKAGE_MISSING` where none is found. */
export async function renderPng(svg: string): Promise<Buffer> {
  const browser = await findChromium()
  const folder = await mkdtemp(join(tmpdir(), 'pairduck-png-'))
  try {
    const [source, target] = [join(folder, 'picture.svg'), join(folder, 'picture.png')]
    await writeFile(source, svg)
    await promisify(execFile)(browser, argumentsOf(folder, source, target), { timeout: deadlineMs })
    return await readFile(target)
  } catch (error) {
    throw new PairduckError('IO_FAILED', `${browser} drew no picture`, { cause: error })
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function argumentsOf(folder: string, source: string, target: string): string[] {
  return [
    '--headless',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--no-first-run',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--force-device-scale-factor=${scale}`,
    `--window-size=${pictureSize.width},${pictureSize.height}`,
    `--screenshot=${target}`,
    // Its sandbox does not work for root; what it draws is our own file.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    pathToFileURL(source).href,
  ]
}

async function findChromium(): Promise<string> {
  const given = process.env['CHROME_PATH']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  for (const place of [...(given === undefined ? [] : [given]), ...places, ...fixedPlaces])
    if (await isProgram(place)) return place
  throw new PairduckError(
    'PACKAGE_MISSING',
    '--png needs Chromium or Chrome, and none is on the PATH: install one (Debian: apt-get install chromium), name it in CHROME_PATH, or take --svg',
  )
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
