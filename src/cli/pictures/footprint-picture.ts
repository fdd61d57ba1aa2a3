import type { EChartsCoreOption } from 'echarts/core'
import type { FootprintCell } from '../charts/footprint-grid.ts'
import { signedText, volumeText } from '../figures.ts'
import { axisTimes, heading, nothingTraded, palette, priceScale, timeAxis } from './svg.ts'

export interface FootprintPicture {
  readonly title: string
  readonly subtitle: string
  readonly binSize: number
  readonly cells: readonly FootprintCell[]
}

/** More bars than this would leave no room for the figures in their cells. */
const maxBars = 10

/**
 * A footprint: a column per bar, a cell per price with `sells × buys`, the deeper its colour the
 * larger its delta; the bar's point of control is framed, an imbalance is bold. The last bars, and how many there were.
 */
export function footprintPicture(picture: FootprintPicture): EChartsCoreOption {
  const { title, subtitle, binSize } = picture
  if (picture.cells.length === 0) return { title: heading(title, nothingTraded) }
  const all = [...new Set(picture.cells.map((cell) => cell.timestamp))].sort((a, b) => a - b)
  const times = all.slice(-maxBars)
  const cells = picture.cells.filter((cell) => cell.timestamp >= times[0]!)
  const lows = cells.map((cell) => cell.price)
  const least = lows.reduce((a, b) => Math.min(a, b), Infinity)
  const most = lows.reduce((a, b) => Math.max(a, b), -Infinity) + binSize
  const scale = priceScale(least, most)
  return {
    title: heading(title, `${subtitle}${leftOut(all.length)}`),
    grid: { left: scale.left, right: 40, top: 96, bottom: 90 },
    xAxis: {
      ...timeAxis(times, { gridIndex: 0, labelled: true }),
      data: barLabels(cells, times),
      name: 'bar (UTC), volume and delta',
      nameGap: 56,
      axisLabel: { lineHeight: 16, interval: 0, fontSize: 12, color: palette.text },
    },
    yAxis: { ...scale.axis, name: 'price' },
    series: [
      {
        type: 'custom',
        encode: { x: 0, y: [1, 2] },
        data: cells.map((cell) => [
          times.indexOf(cell.timestamp),
          cell.price,
          cell.price + binSize,
        ]),
        renderItem: makeRenderCell(cells.map((cell) => cellLook(cell, cells))),
      },
    ],
  }
}

function leftOut(bars: number): string {
  return bars > maxBars
    ? `\nthe last ${maxBars} of ${bars} bars: --from and --to choose others`
    : ''
}

interface CellLook {
  readonly text: string
  readonly fill: string
  readonly isPoc: boolean
  readonly isImbalance: boolean
}

interface RenderApi {
  value(dimension: number): number
  coord(point: readonly [number, number]): [number, number]
  size(extent: readonly [number, number]): [number, number]
}

function cellLook(cell: FootprintCell, cells: readonly FootprintCell[]): CellLook {
  const { buyVolume, sellVolume } = cell
  const total = buyVolume + sellVolume
  const bar = cells.filter((other) => other.timestamp === cell.timestamp)
  const most = Math.max(...bar.map((other) => other.buyVolume + other.sellVolume))
  const strength = most > 0 ? Math.abs(buyVolume - sellVolume) / most : 0
  const rgb = buyVolume >= sellVolume ? '26, 152, 80' : '215, 48, 39'
  return {
    text: `${volumeText(sellVolume)} × ${volumeText(buyVolume)}`,
    fill: `rgba(${rgb}, ${(0.08 + 0.6 * strength).toFixed(2)})`,
    isPoc: total === most,
    isImbalance: (cell.imbalance ?? []).length > 0,
  }
}

function makeRenderCell(looks: readonly CellLook[]) {
  return (params: { dataIndex: number }, api: RenderApi): object => {
    const look = looks[params.dataIndex]!
    const [centre, bottom] = api.coord([api.value(0), api.value(1)])
    const [, top] = api.coord([api.value(0), api.value(2)])
    const width = api.size([1, 0])[0] * 0.92
    const height = bottom - top
    const fontSize = Math.min(12, height * 0.8)
    return {
      type: 'group',
      children: [
        {
          type: 'rect',
          shape: { x: centre - width / 2, y: top, width, height },
          style: {
            fill: look.fill,
            stroke: look.isPoc ? palette.poc : '#ffffff',
            lineWidth: look.isPoc ? 2 : 0.5,
          },
        },
        // Below 7 pixels nobody can read it: the colour has to do.
        ...(fontSize < 7
          ? []
          : [
              {
                type: 'text',
                style: {
                  text: look.text,
                  x: centre,
                  y: (top + bottom) / 2,
                  align: 'center',
                  verticalAlign: 'middle',
                  fontSize,
                  fontWeight: look.isImbalance ? 'bold' : 'normal',
                  fill: palette.text,
                },
              },
            ]),
      ],
    }
  }
}

function barLabels(cells: readonly FootprintCell[], times: readonly number[]): string[] {
  const clocks = axisTimes(times)
  return times.map((time, index) => {
    const bar = cells.filter((cell) => cell.timestamp === time)
    const buys = bar.reduce((sum, cell) => sum + cell.buyVolume, 0)
    const sells = bar.reduce((sum, cell) => sum + cell.sellVolume, 0)
    return `${clocks[index]}\n${volumeText(buys + sells)}\n${signedText(buys - sells)}`
  })
}
