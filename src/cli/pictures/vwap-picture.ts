import type { EChartsCoreOption } from 'echarts/core'
import type { VwapBar } from '../../queries/index.ts'
import { heading, nothingTraded, palette, priceScale, timeAxis } from './svg.ts'

export interface VwapPicture {
  readonly title: string
  readonly subtitle: string
  /** The average and its bands as they stood at each bar's close, and the bar's last price. */
  readonly bars: readonly (Pick<VwapBar, 'timestamp' | 'vwap' | 'bands'> & {
    readonly close: number | null
  })[]
}

const bandColours = ['#74a9cf', '#9ebcda', '#bfd3e6', '#d0d1e6'] as const

/** The volume-weighted average price with its bands, and the price around it. */
export function vwapPicture({ title, subtitle, bars }: VwapPicture): EChartsCoreOption {
  if (bars.length === 0) return { title: heading(title, nothingTraded) }
  const lines = linesOf(bars)
  const prices = lines.flatMap(({ data }) => data.filter((price) => price !== null))
  const scale = priceScale(
    prices.reduce((a, b) => Math.min(a, b), Infinity),
    prices.reduce((a, b) => Math.max(a, b), -Infinity),
  )
  return {
    title: heading(title, subtitle),
    legend: { top: 60, left: 16, icon: 'rect', itemHeight: 3 },
    grid: { left: scale.left, right: 40, top: 110, bottom: 70 },
    xAxis: timeAxis(
      bars.map((bar) => bar.timestamp),
      { gridIndex: 0, labelled: true },
    ),
    yAxis: { ...scale.axis, name: 'price' },
    series: lines.map(({ name, colour, width, data }) => ({
      type: 'line',
      name,
      data,
      showSymbol: bars.length === 1,
      itemStyle: { color: colour },
      lineStyle: { color: colour, width },
    })),
  }
}

interface Line {
  readonly name: string
  readonly colour: string
  readonly width: number
  readonly data: readonly (number | null)[]
}

/** Bands first, so that the average and the price lie above them; both edges have one name. */
function linesOf(bars: VwapPicture['bars']): Line[] {
  const bands = bars[0]!.bands.flatMap(({ multiple }, index): Line[] => {
    const look = {
      name: `±${multiple} σ`,
      colour: bandColours[Math.min(index, bandColours.length - 1)]!,
      width: 1.5,
    }
    return [
      { ...look, data: bars.map((bar) => bar.bands[index]?.lower ?? null) },
      { ...look, data: bars.map((bar) => bar.bands[index]?.upper ?? null) },
    ]
  })
  return [
    ...bands,
    { name: 'price', colour: palette.faint, width: 1, data: bars.map((bar) => bar.close) },
    { name: 'VWAP', colour: palette.poc, width: 2.5, data: bars.map((bar) => bar.vwap) },
  ]
}
