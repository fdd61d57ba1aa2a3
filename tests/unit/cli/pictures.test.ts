import { describe, expect, it } from 'vitest'
import type { EChartsCoreOption } from 'echarts/core'
import { candlePicture } from '../../../src/cli/pictures/candle-picture.ts'
import { cvdPicture } from '../../../src/cli/pictures/cvd-picture.ts'
import { footprintPicture } from '../../../src/cli/pictures/footprint-picture.ts'
import { priceDecimals, priceText } from '../../../src/cli/figures.ts'
import { palette, pictureSize, renderSvg } from '../../../src/cli/pictures/svg.ts'
import { inTheme } from '../../../src/cli/pictures/theme.ts'
import { roundTicks } from '../../../src/cli/pictures/time-ticks.ts'
import { vwapPicture } from '../../../src/cli/pictures/vwap-picture.ts'
import { simulateMarket } from '../../../src/simulator/simulate-market.ts'
import { foldCandles } from '../../support/candle-fold.ts'

interface TextBox {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Where each text of a picture lies, by the mean width of letters of that size. */
function textBoxes(svg: string): TextBox[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(
    ([, attributes = '', text = '']) => {
      const attribute = (name: string): string | undefined =>
        new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1]
      const size = Number(/font-size:([\d.]+)px/.exec(attributes)?.[1] ?? 12)
      const [, dx = '0', dy = '0'] = /translate\(([-\d.]+) ([-\d.]+)\)/.exec(attributes) ?? []
      const x = Number(attribute('x') ?? 0) + Number(dx)
      const y = Number(attribute('y') ?? 0) + Number(dy)
      const width = [...text].length * size * 0.56
      const left = x - width * ({ middle: 0.5, end: 1 }[attribute('text-anchor') ?? ''] ?? 0)
      // Shifted by 0.35 em the letters stand around y.
      return { text, left, right: left + width, top: y - size * 0.38, bottom: y + size * 0.38 }
    },
  )
}

function overlaps(boxes: readonly TextBox[]): string[] {
  return boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
      .map((b) => `${a.text} | ${b.text}`),
  )
}

/** One pair's simulated trades as bars and as bins by bar. */
function market(seed: string, pair: string, minutes: number) {
  const cells = new Map<
    string,
    { timestamp: number; price: number; buyVolume: number; sellVolume: number }
  >()
  const from = Date.UTC(2024, 7, 8, 23)
  const ticks = [
    ...simulateMarket({
      pairs: [pair],
      from,
      durationMs: minutes * 60_000,
      seed,
      ticksPerSecond: 5,
    }),
  ].flatMap((batch) => batch.ticks)
  const prices = ticks.map(({ price }) => price)
  const binSize = (Math.max(...prices) - Math.min(...prices)) / 20
  const bars = foldCandles(ticks, 60_000).map((bar) => ({
    ...bar,
    delta: bar.buyVolume - bar.sellVolume,
  }))
  for (const { timestamp, price, volume, side } of ticks) {
    const open = Math.floor(timestamp / 60_000) * 60_000
    const bin = Math.floor(price / binSize)
    const cell = cells.get(`${open}:${bin}`) ?? {
      timestamp: open,
      price: bin * binSize,
      buyVolume: 0,
      sellVolume: 0,
    }
    cells.set(`${open}:${bin}`, cell)
    if (side === 'BUY') cell.buyVolume += volume
    else cell.sellVolume += volume
  }
  return { bars, cells: [...cells.values()], binSize }
}

function profileOf(
  cells: readonly { price: number; buyVolume: number; sellVolume: number }[],
  binSize: number,
  areaBins: number,
) {
  const volumes = new Map<number, number>()
  for (const { price, buyVolume, sellVolume } of cells)
    volumes.set(price, (volumes.get(price) ?? 0) + buyVolume + sellVolume)
  const bins = [...volumes]
    .map(([price, volume]) => ({ price, volume }))
    .sort((a, b) => a.price - b.price)
  const poc = bins.reduce((most, bin) => (bin.volume > most.volume ? bin : most)).price
  // A value area of few bins is the hard case: three names within some pixels.
  return { binSize, poc, valueAreaLow: poc, valueAreaHigh: poc + areaBins * binSize, bins }
}

const titles = { title: 'binance/spot/BTCUSDT 1m', subtitle: 'a subtitle' }

describe.each([
  ['a', 'x/y/BTCUSDT', 30],
  ['b', 'x/y/DOGEUSDT', 200],
  ['c', 'x/y/XRPUSDT', 3],
  ['d', 'x/y/ZZZ', 5],
])('pictures of market %s, %s, %i minutes', (seed, pair, minutes) => {
  const { bars, cells, binSize } = market(seed, pair, minutes)
  let sum = 0
  const pictures: Record<string, EChartsCoreOption> = {
    candles: candlePicture({ ...titles, candles: bars, profile: profileOf(cells, binSize, 1) }),
    'candles without profile': candlePicture({ ...titles, candles: bars }),
    cvd: cvdPicture({
      ...titles,
      bars: bars.map(({ timestamp, delta }) => ({ timestamp, delta, value: (sum += delta) })),
    }),
    footprint: footprintPicture({ ...titles, binSize, cells }),
    vwap: vwapPicture({
      ...titles,
      bars: bars.map(({ timestamp, low, high, close }) => ({
        timestamp,
        close,
        vwap: (low + high) / 2,
        bands: [1, 2, 3].map((multiple) => ({
          multiple,
          lower: low - multiple * binSize,
          upper: high + multiple * binSize,
        })),
      })),
    }),
  }

  it.each(Object.keys(pictures))('%s: every text inside, none over another', async (name) => {
    const svg = await renderSvg(pictures[name]!)
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    const boxes = textBoxes(svg)
    expect(boxes.length).toBeGreaterThan(10)
    expect(overlaps(boxes)).toEqual([])
    const { width, height } = pictureSize
    const outside = boxes.filter(
      ({ left, right, top, bottom }) => left < 0 || right > width || top < 0 || bottom > height,
    )
    expect(outside.map(({ text }) => text)).toEqual([])
  })
})

it.each([
  ['candles', candlePicture({ ...titles, candles: [] })],
  ['cvd', cvdPicture({ ...titles, bars: [] })],
  ['footprint', footprintPicture({ ...titles, binSize: 1, cells: [] })],
  ['vwap', vwapPicture({ ...titles, bars: [] })],
])('%s of nothing is a picture that says so', async (_name, picture) => {
  expect(await renderSvg(picture)).toContain('nothing was traded')
})

describe('what every picture keeps', () => {
  it('names bars at round times, also where some are missing', () => {
    const day = Date.UTC(2024, 7, 8)
    const minutes = [0, 1, 2, 3, 7, 8, 9, 11, 13, 14, 15, 16, 21, 22, 40].map(
      (at) => day + at * 60_000,
    )
    const named = [...roundTicks(minutes)].map((index) => (minutes[index]! - day) / 60_000)
    expect(named).toEqual([0, 7, 11, 15, 21, 40])
    const year = Array.from({ length: 365 }, (_, at) => day + at * 86_400_000)
    expect(roundTicks(year).size).toBeLessThanOrEqual(10)
    expect(roundTicks([])).toEqual(new Set())
  })

  it('exchanges every colour of the light theme in the dark one', async () => {
    const { bars: candles } = market('s', 'a/b/C', 10)
    const svg = await renderSvg(candlePicture({ title: 'a', subtitle: 'b', candles }))
    expect(inTheme(svg, 'light')).toBe(svg)
    const colours = new Set(inTheme(svg, 'dark').match(/#[0-9a-f]{3,6}\b/gi))
    for (const light of [...Object.values(palette), '#ffffff', '#fff'])
      expect(colours).not.toContain(light)
    expect(svg).toContain(
      priceText(candles.at(-1)!.close, priceDecimals(candles.map(({ close }) => close))),
    )
  })

  it('writes into a footprint how many bars it leaves out', async () => {
    const cells = Array.from({ length: 25 }, (_, bar) => ({
      timestamp: Date.UTC(2024, 7, 8) + bar * 60_000,
      price: 100,
      buyVolume: 1,
      sellVolume: 2,
    }))
    const svg = await renderSvg(footprintPicture({ title: 'a', subtitle: 'b', binSize: 1, cells }))
    expect(svg).toContain('the last 10 of 25 bars')
  })
})
