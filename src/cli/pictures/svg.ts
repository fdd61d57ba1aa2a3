import type { EChartsCoreOption } from 'echarts/core'
import { optionalPackage } from '../../optional-package.ts'
import { roundStep } from '../charts/value-axis.ts'
import { priceDecimals, priceText, volumeText } from '../figures.ts'
import { roundTicks } from './time-ticks.ts'

/** How large a picture is, in CSS pixels. */
export const pictureSize = { width: 1200, height: 700 } as const

export const palette = {
  up: '#1a9850',
  down: '#d73027',
  line: '#2b5cad',
  poc: '#e08214',
  area: '#74a9cf',
  outside: '#d0d7de',
  grid: '#e6e8eb',
  text: '#24292f',
  faint: '#57606a',
  demand: 'rgba(26, 152, 80, 0.16)',
  supply: 'rgba(215, 48, 39, 0.16)',
} as const

/**
 * Draws a chart as an SVG document, without a browser. The library is loaded only here: not
 * everybody installs it, and it takes longer to load than most commands take to run.
 */
export async function renderSvg(option: EChartsCoreOption): Promise<string> {
  const echarts = await optionalPackage('--svg', ['echarts'], loadEcharts)
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...pictureSize })
  try {
    chart.setOption({ ...base, ...option })
    return centredByShift(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}

/** As one file, which loads in a third of the time that its hundreds of modules take. */
async function loadEcharts(): Promise<typeof import('echarts')> {
  // @ts-expect-error the package declares the types of its modules alone
  return (await import('echarts/dist/echarts.esm.min.mjs')) as typeof import('echarts')
}

/** What a picture says of a time without trades: a job that draws every hour should not fail. */
export const nothingTraded = 'nothing was traded in this time'

/** A heading with a remark under it, at the upper left of every picture. */
export function heading(text: string, subtext: string): EChartsCoreOption {
  return {
    text,
    subtext,
    left: 16,
    top: 10,
    itemGap: 4,
    textStyle: { fontSize: 18, color: palette.text },
    subtextStyle: { fontSize: 12, color: palette.faint },
  }
}

/** An axis of bars, named at round times by their open; only the lowest of several panels says them. */
export function timeAxis(
  times: readonly number[],
  { gridIndex, labelled }: { readonly gridIndex: number; readonly labelled: boolean },
): object {
  const named = roundTicks(times)
  const interval = (index: number): boolean => named.has(index)
  return {
    ...axisLook,
    axisTick: { show: true, interval },
    type: 'category',
    gridIndex,
    data: axisTimes(times),
    splitLine: { show: false },
    axisLine: { ...axisLook.axisLine, onZero: false },
    ...(labelled
      ? {
          name: 'time (UTC)',
          nameLocation: 'middle',
          nameGap: 30,
          axisLabel: { ...axisLook.axisLabel, interval },
        }
      : { axisLabel: { show: false } }),
  }
}

export function volumeAxis(name: string, gridIndex: number, splitNumber = 5): object {
  const axisLabel = { ...axisLook.axisLabel, formatter: axisVolume }
  return { ...axisLook, type: 'value', gridIndex, name, splitNumber, axisLabel }
}

export interface PriceScale {
  readonly axis: Readonly<Record<string, unknown>>
  /** How the axis' labels look, and what they say of a price. */
  readonly axisLabel: object
  readonly label: (price: number) => string
  readonly min: number
  readonly max: number
  /** Pixels that the longest label needs at the axis' left. */
  readonly left: number
}

const letterPixels = 7.7
const leastLeft = 90

/** A price axis from one round price to another that holds both. */
export function priceScale(least: number, most: number): PriceScale {
  const step = roundStep((most - least || most * 0.01) / 8)
  const decimals = priceDecimals([step])
  const [min, max] = [Math.floor(least / step) * step, Math.ceil(most / step) * step]
  const formatter = (price: number): string => priceText(price, decimals)
  const letters = Math.max(formatter(min).length, formatter(max).length)
  const axisLabel = { ...axisLook.axisLabel, formatter }
  return {
    axisLabel,
    label: formatter,
    axis: {
      ...axisLook,
      type: 'value',
      scale: true,
      min,
      max,
      interval: step,
      axisLabel,
    },
    min,
    max,
    left: Math.max(leastLeft, letters * letterPixels + 16),
  }
}

/** `08-08 23:54`, UTC, with seconds where any of the times has some. */
export function axisTimes(times: readonly number[]): string[] {
  const end = times.every((ms) => ms % 60_000 === 0) ? 16 : 19
  return times.map((ms) => {
    const iso = new Date(ms).toISOString()
    return `${iso.slice(5, 10)} ${iso.slice(11, end)}`
  })
}

function axisVolume(volume: number): string {
  return volumeText(volume).replace(/\.0+$/, '')
}

/** The look of every axis: thin lines, a grid that stays behind the data. */
const axisLook = {
  axisLine: { show: true, lineStyle: { color: palette.faint } },
  axisLabel: { color: palette.text, fontSize: 12, hideOverlap: true },
  axisTick: { show: true },
  splitLine: { show: true, lineStyle: { color: palette.grid } },
  nameTextStyle: { color: palette.faint, fontSize: 12 },
} as const

const base: EChartsCoreOption = {
  animation: false,
  backgroundColor: '#ffffff',
  textStyle: { fontFamily: 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif' },
}

/** Viewers outside browsers know no `dominant-baseline`; a shift by part of the letters' height all do. */
function centredByShift(svg: string): string {
  return svg.replaceAll('dominant-baseline="central"', 'dy="0.35em"')
}
