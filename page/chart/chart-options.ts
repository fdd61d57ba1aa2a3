import { ColorType, CrosshairMode, type DeepPartial, type ChartOptions } from 'lightweight-charts'
import type { Palette } from '../shell/theme.ts'

/** The look of the whole chart. Its maker is named by a link of the page (`.credit`), without inline style. */
export function chartOptions(palette: Palette): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: palette.background },
      textColor: palette.faint,
      fontFamily: `system-ui, 'Segoe UI', Roboto, sans-serif`,
      fontSize: 11,
      attributionLogo: false,
      panes: { separatorColor: palette.grid, separatorHoverColor: palette.outside },
    },
    grid: { vertLines: { color: palette.grid }, horzLines: { color: palette.grid } },
    crosshair: {
      mode: CrosshairMode.Normal,
      vertLine: { color: palette.faint, labelBackgroundColor: palette.outside },
      horzLine: { color: palette.faint, labelBackgroundColor: palette.outside },
    },
    rightPriceScale: { borderColor: palette.grid },
    timeScale: {
      borderColor: palette.grid,
      timeVisible: true,
      secondsVisible: false,
      rightOffset: 12,
      minBarSpacing: 0.5,
    },
  }
}

export function candleColours(palette: Palette): object {
  return {
    upColor: palette.up,
    downColor: palette.down,
    borderUpColor: palette.up,
    borderDownColor: palette.down,
    wickUpColor: palette.up,
    wickDownColor: palette.down,
  }
}

export function cvdColours(palette: Palette): object {
  return {
    topLineColor: palette.up,
    topFillColor1: `${palette.up}44`,
    topFillColor2: `${palette.up}08`,
    bottomLineColor: palette.down,
    bottomFillColor1: `${palette.down}08`,
    bottomFillColor2: `${palette.down}44`,
  }
}
