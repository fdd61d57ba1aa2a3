import type { EChartsCoreOption } from 'echarts/core'
import type { LinePoint } from '../charts/line-chart.ts'
import { heading, nothingTraded, palette, timeAxis, volumeAxis } from './svg.ts'

export interface CvdPicture {
  readonly title: string
  readonly subtitle: string
  /** The cumulative delta at the end of each bar, and the bar's own delta. */
  readonly bars: readonly (LinePoint & { readonly delta: number })[]
}

/** The cumulative volume delta as a line, each bar's delta as a column below it. */
export function cvdPicture({ title, subtitle, bars }: CvdPicture): EChartsCoreOption {
  if (bars.length === 0) return { title: heading(title, nothingTraded) }
  const times = bars.map((bar) => bar.timestamp)
  const grid = { left: 90, right: 40 }
  return {
    title: heading(title, subtitle),
    grid: [
      { ...grid, top: 96, bottom: 250 },
      { ...grid, height: 140, bottom: 70 },
    ],
    xAxis: [
      timeAxis(times, { gridIndex: 0, labelled: false }),
      timeAxis(times, { gridIndex: 1, labelled: true }),
    ],
    yAxis: [volumeAxis('cumulative volume delta', 0), volumeAxis('delta', 1, 3)],
    series: [cvdLine(bars), deltaColumns(bars)],
  }
}

function cvdLine(bars: CvdPicture['bars']): object {
  return {
    type: 'line',
    showSymbol: false,
    data: bars.map((bar) => bar.value),
    lineStyle: { color: palette.line, width: 2 },
    areaStyle: { color: palette.line, opacity: 0.12 },
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: palette.faint },
      data: [{ yAxis: 0 }],
    },
  }
}

function deltaColumns(bars: CvdPicture['bars']): object {
  return {
    type: 'bar',
    xAxisIndex: 1,
    yAxisIndex: 1,
    data: bars.map(({ delta }) => ({
      value: delta,
      itemStyle: { color: delta < 0 ? palette.down : palette.up },
    })),
  }
}
