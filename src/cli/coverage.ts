import type { BarOptions } from '../queries/bars.ts'
import { getCoverageQuery, type Coverage } from '../queries/index.ts'
import { windowOf, type WindowOptions } from './command.ts'
import { timeText } from './figures.ts'
import { onlyRow, type PairView } from './pair-command.ts'

/** What is said under a figure that is not of the whole window, or that a known hole reaches into. */
export function coverageLines(coverage: Coverage): string[] {
  return [...truncatedLines(coverage), ...(coverage.complete ? [] : [incomplete])]
}

const incomplete =
  'not complete: trades of this time are missing, or not proved to be all there (pairduck gaps)'

function truncatedLines({ truncated, coveredFrom }: Coverage): string[] {
  if (!truncated) return []
  return coveredFrom === null
    ? ['nothing is stored for this time']
    : [`only from ${timeText(coveredFrom)} UTC on: what is older is not stored`]
}

/** What is said under rows that carry their own coverage: of the first one how far the data reach. */
export function coverageLinesOfRows(rows: readonly Coverage[]): string[] {
  const [first] = rows
  if (first === undefined) return []
  return coverageLines({ ...first, complete: rows.every(({ complete }) => complete) })
}

/** The coverage of a list, which may have no row, or rows that say nothing of it. */
export async function coverageOfList(
  view: Pick<PairView, 'query'>,
  options: WindowOptions,
  rows: readonly object[],
  bars: Partial<BarOptions> = {},
): Promise<Coverage> {
  const window = await onlyRow(view.query(getCoverageQuery({ ...windowOf(options), ...bars })))
  const inRows = rows.every((row) => !('complete' in row) || row.complete === true)
  return { ...window, complete: window.complete && inRows }
}
