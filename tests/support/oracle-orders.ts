import { readFileSync } from 'node:fs'
import { oracleFile } from './oracle.ts'

/** One recorded payload and what ccxt makes of it. */
export interface OracleRecord {
  readonly kind: string
  readonly raw: unknown
  readonly unified: unknown
}

export function oracleOrders(): OracleRecord[] {
  return JSON.parse(
    readFileSync(oracleFile('orders', 'binance_ccxt.json'), 'utf8'),
  ) as OracleRecord[]
}

/** What must be mirrored of an order. A `≈` marks a value that the payload doesn't spell out. */
export interface ExpectedOrder {
  readonly id: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly type: 'limit' | 'market'
  readonly status: string
  readonly amount: string
  readonly limitPrice: string | null
  readonly filled: string
  readonly notional: string
  readonly price: string | null
  readonly fee: string
  readonly feeCurrency: string
  readonly createdMs: number
  readonly updatedMs: number
  readonly triggerPrice?: string
  readonly sourceType?: string
}

export interface ExpectedFill {
  readonly id: string
  readonly orderId: string
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly price: string
  readonly amount: string
  readonly cost: string
  readonly fee: string
  readonly feeCurrency: string
  readonly takerOrMaker: 'taker' | 'maker'
  readonly timestamp: number
}

export type Expected =
  | { readonly order: ExpectedOrder }
  | { readonly fill: ExpectedFill }
  | {
      readonly balances: Readonly<
        Record<string, readonly [free: string, used: string, total: string]>
      >
    }
  /** The field that is named in the refusal. */
  | { readonly refused: string }

const spot = { symbol: 'ETH/USDT', side: 'buy', type: 'limit' } as const
const nothing = {
  filled: '0.00000000',
  notional: '0.00000000',
  price: null,
  fee: '0',
  feeCurrency: 'USDT',
}
const one = { amount: '1.00000000', limitPrice: '2500.00000000' }
/** To buy one ETH; nothing of it is filled. */
const untouched = { ...spot, ...one, ...nothing }
const march = { createdMs: 1_709_654_400_000, updatedMs: 1_709_654_400_000 }
const october = { createdMs: 1_759_347_763_167, updatedMs: 1_759_347_763_167 }
const october100 = { createdMs: 1_759_347_763_100, updatedMs: 1_759_347_763_167 }
const october000 = { createdMs: 1_759_347_763_000, updatedMs: 1_759_347_763_167 }

/** Half of an order for one ETH, filled at 2499.5: three records tell it. */
const half: Expected = {
  order: {
    ...spot,
    ...one,
    ...october100,
    id: '1234567890',
    status: 'partially_filled',
    filled: '0.50000000',
    notional: '1249.75000000',
    price: '≈2499.5',
    fee: '0.00050000',
    feeCurrency: 'ETH',
  },
}
const halfFill: Expected = {
  fill: {
    id: '98765432',
    orderId: '1234567890',
    symbol: 'ETH/USDT',
    side: 'buy',
    price: '2499.50000000',
    amount: '0.50000000',
    cost: '1249.75000000',
    fee: '0.00050000',
    feeCurrency: 'ETH',
    takerOrMaker: 'maker',
    timestamp: 1_759_347_763_167,
  },
}
/** To sell half an ETH; a tenth is filled. */
const cut = {
  ...spot,
  ...october100,
  id: '9876543210',
  side: 'sell',
  amount: '0.50000000',
  limitPrice: '2500.00000000',
  filled: '0.10000000',
  notional: '250.00000000',
  price: '≈2500',
  fee: '0',
  feeCurrency: 'USDT',
} as const
const expired: Expected = {
  order: {
    ...spot,
    ...nothing,
    ...october000,
    id: '1234567891',
    symbol: 'BTC/USDT',
    status: 'expired',
    amount: '0.01000000',
    limitPrice: '50000.00000000',
  },
}
const delta: Expected = { refused: 'free' }
const spotBalances: Expected = {
  balances: {
    BTC: ['4723846.89208129', '0.00000000', '4723846.89208129'],
    LTC: ['4763368.68006011', '0.00000000', '4763368.68006011'],
  },
}
const ltc: Expected = {
  order: {
    id: '1',
    symbol: 'LTC/BTC',
    side: 'buy',
    type: 'limit',
    status: 'new',
    amount: '1.0',
    limitPrice: '0.1',
    filled: '0.0',
    notional: '0.0',
    price: null,
    fee: '0',
    feeCurrency: 'BTC',
    createdMs: 1_499_827_319_559,
    updatedMs: 1_499_827_319_559,
  },
}
const twoCanceled = {
  symbol: 'BTC/USDT',
  side: 'buy',
  type: 'limit',
  status: 'canceled',
  amount: '0.178622',
  ...nothing,
  filled: '0.000000',
  notional: '0.000000',
} as const

/** Spot and REST records by index, each read off its raw payload by hand. */
export const spotExpectations: Readonly<Record<number, readonly Expected[]>> = {
  0: [
    {
      balances: {
        USDT: ['10000.00000000', '2500.00000000', '12500.00000000'],
        ETH: ['5.00000000', '0.00000000', '5.00000000'],
      },
    },
  ],
  1: [{ balances: { ETH: ['10000.000000', '0.000000', '10000.000000'] } }],
  2: [delta],
  3: [delta],
  4: [
    {
      order: {
        ...untouched,
        ...march,
        id: '12345678',
        status: 'canceled',
        updatedMs: 1_709_654_402_000,
      },
    },
  ],
  5: [
    {
      order: {
        ...untouched,
        ...march,
        id: '12345678',
        status: 'expired',
        updatedMs: 1_709_654_403_000,
      },
    },
  ],
  6: [{ order: { ...untouched, ...march, id: '12345678', status: 'new' } }],
  7: [
    {
      order: {
        ...untouched,
        ...march,
        id: '12345679',
        side: 'sell',
        status: 'new',
        limitPrice: '2400.00000000',
        triggerPrice: '2450.00000000',
        sourceType: 'stop_loss_limit',
      },
    },
  ],
  8: [
    {
      order: {
        ...spot,
        ...one,
        ...march,
        id: '12345678',
        status: 'filled',
        updatedMs: 1_709_654_401_000,
        filled: '1.00000000',
        notional: '2500.00000000',
        price: '2500.00000000',
        fee: '0.00100000',
        feeCurrency: 'ETH',
      },
    },
  ],
  9: [
    {
      fill: {
        id: '98765432',
        orderId: '12345678',
        symbol: 'ETH/USDT',
        side: 'buy',
        price: '2500.00000000',
        amount: '1.00000000',
        cost: '2500.00000000',
        fee: '0.00100000',
        feeCurrency: 'ETH',
        takerOrMaker: 'maker',
        timestamp: 1_709_654_401_000,
      },
    },
  ],
  10: [
    {
      order: {
        ...spot,
        ...nothing,
        id: '4293153',
        symbol: 'ETH/BTC',
        status: 'new',
        amount: '1.00000000',
        limitPrice: '0.10264410',
        feeCurrency: 'BTC',
        createdMs: 1_499_405_658_657,
        updatedMs: 1_499_405_658_657,
      },
    },
  ],
  11: [
    {
      order: {
        ...october000,
        id: '1234567890',
        symbol: 'BTC/USDT',
        side: 'sell',
        type: 'limit',
        status: 'filled',
        amount: '0.01000000',
        limitPrice: '50000.00000000',
        filled: '0.01000000',
        notional: '495.00000000',
        price: '49500.00000000',
        fee: '2.475',
        feeCurrency: 'USDT',
      },
    },
  ],
  12: [{ order: { ...cut, status: 'partially_canceled' } }],
  13: [half],
  14: [halfFill],
  15: [half],
  16: [halfFill],
  17: [expired],
  18: [{ order: { ...untouched, ...october, id: '1234567890', status: 'new' } }],
  19: [
    {
      order: {
        ...untouched,
        ...october,
        id: '1234567892',
        status: 'new',
        limitPrice: '2505.25000000',
        triggerPrice: '2500.00000000',
        sourceType: 'take_profit_limit',
      },
    },
  ],
  20: [
    {
      order: {
        ...untouched,
        ...october,
        id: '1234567890',
        status: 'new',
        limitPrice: '2495.50000000',
      },
    },
  ],
  21: [
    {
      order: {
        ...untouched,
        ...october,
        id: '1234567891',
        side: 'sell',
        status: 'new',
        limitPrice: '2405.75000000',
        triggerPrice: '2400.00000000',
        sourceType: 'stop_loss_limit',
      },
    },
  ],
  // PENDING_CANCEL: the cancel is asked for, not done; a tenth is filled.
  22: [{ order: { ...cut, status: 'partially_filled' } }],
  23: [
    {
      order: {
        ...spot,
        ...nothing,
        ...october,
        id: '1234567890',
        symbol: 'BTC/USDT',
        status: 'rejected',
        amount: '0.00100000',
        limitPrice: '50000.00000000',
      },
    },
  ],
  24: [half],
  25: [halfFill],
  // Filled at price 0: there is no average to tell.
  26: [
    {
      order: {
        ...spot,
        ...nothing,
        ...october,
        id: '1234567890',
        status: 'filled',
        amount: '0.00100000',
        limitPrice: '2500.00000000',
        filled: '0.00100000',
      },
    },
  ],
  27: [{ refused: 'price' }],
  28: [
    {
      order: {
        ...untouched,
        ...october,
        id: '1234567890',
        status: 'canceled',
        amount: '0.00100000',
      },
    },
  ],
  29: [{ refused: 'id' }],
  30: [expired],
  31: [{ refused: 'id' }],
  32: [{ order: { ...untouched, ...october, id: '1234567890', status: 'new' } }],
  33: [{ refused: 'id' }],
  34: [
    {
      order: {
        ...untouched,
        ...october,
        id: '1234567890',
        status: 'partially_filled',
        filled: '0.50000000',
      },
    },
  ],
  35: [{ refused: 'amount' }],
  36: [{ order: { ...untouched, ...october100, id: '1234567890', status: 'expired' } }],
  62: [spotBalances],
  63: [ltc],
  64: [ltc],
  65: [ltc],
  // Five fills; their commissions are 4 + 19.995 + 7.996 + 3.997 + 3.995 = 39.983.
  66: [
    {
      order: {
        id: '28',
        symbol: 'BTC/USDT',
        side: 'sell',
        type: 'market',
        status: 'filled',
        amount: '10.00000000',
        limitPrice: null,
        filled: '10.00000000',
        notional: '10.00000000',
        price: '≈1',
        fee: '≈39.983',
        feeCurrency: 'USDT',
        createdMs: 1_507_725_176_595,
        updatedMs: 1_507_725_176_595,
      },
    },
  ],
  67: [
    {
      order: {
        ...spot,
        ...nothing,
        id: '4',
        symbol: 'LTC/BTC',
        status: 'canceled',
        amount: '1.00000000',
        limitPrice: '2.00000000',
        feeCurrency: 'BTC',
        createdMs: 1_684_804_350_068,
        updatedMs: 1_684_804_350_068,
      },
    },
  ],
  // Two orders, and a list of two more without id, type or amount of its own.
  68: [
    {
      order: {
        ...twoCanceled,
        id: '11',
        limitPrice: '0.089853',
        createdMs: 1_684_804_350_068,
        updatedMs: 1_684_804_350_068,
      },
    },
    {
      order: {
        ...twoCanceled,
        id: '13',
        limitPrice: '0.090430',
        createdMs: 1_684_804_350_069,
        updatedMs: 1_684_804_350_069,
      },
    },
    { refused: 'id' },
  ],
  69: [
    {
      fill: {
        id: '28457',
        orderId: '100234',
        symbol: 'BNB/BTC',
        side: 'buy',
        price: '4.00000100',
        amount: '12.00000000',
        cost: '48.000012',
        fee: '10.10000000',
        feeCurrency: 'BNB',
        takerOrMaker: 'taker',
        timestamp: 1_499_865_549_590,
      },
    },
  ],
  70: [spotBalances],
}

const perpetual = { symbol: 'BTC/USDT:USDT', type: 'limit', feeCurrency: 'USDT' } as const
const september = { createdMs: 1_568_879_465_651, updatedMs: 1_568_879_465_651 }
const oct200 = { createdMs: 1_759_347_763_200, updatedMs: 1_759_347_763_200 }
const unfilled = { filled: '0.000', notional: '≈0', price: null, fee: '0' }
const eth = { ...perpetual, ...oct200, symbol: 'ETH/USDT:USDT', amount: '1.000' } as const
const btcHalfOfTwo = {
  ...perpetual,
  ...september,
  id: '8886774',
  side: 'buy',
  status: 'partially_filled',
  limitPrice: '7100.50',
  filled: '0.001',
  notional: '≈7.1005',
  price: '7100.50',
  fee: '0.01000000',
} as const
const ethBought: Expected = {
  order: {
    ...eth,
    id: '8765432109',
    side: 'buy',
    type: 'market',
    status: 'filled',
    limitPrice: null,
    filled: '1.000',
    notional: '≈2500',
    price: '2500.00',
    fee: '2.50000000',
  },
}
const btcFill: Expected = {
  fill: {
    id: '12345678',
    orderId: '8886774',
    symbol: 'BTC/USDT:USDT',
    side: 'buy',
    price: '7100.50',
    amount: '0.001',
    cost: '≈7.1005',
    fee: '0.01000000',
    feeCurrency: 'USDT',
    takerOrMaker: 'maker',
    timestamp: 1_568_879_465_651,
  },
}

/** Futures records by index with `derivatives: true`; without it each order and fill is refused. */
export const futuresExpectations: Readonly<Record<number, readonly Expected[]>> = {
  37: [delta],
  38: [delta],
  39: [{ refused: 'status' }],
  40: [
    {
      order: {
        ...perpetual,
        ...september,
        id: '8886999',
        side: 'sell',
        status: 'filled',
        amount: '0.014',
        limitPrice: '9910.00',
        filled: '0.014',
        // 0.014 × 9910.12
        notional: '≈138.74168',
        price: '9910.12',
        fee: '0.06937084',
      },
    },
  ],
  41: [
    {
      order: {
        ...perpetual,
        ...september,
        ...unfilled,
        id: '8887004',
        side: 'sell',
        status: 'new',
        amount: '0.014',
        limitPrice: '9910.00',
        filled: '0',
      },
    },
  ],
  42: [{ refused: 'status' }],
  43: [
    {
      order: {
        ...perpetual,
        ...september,
        ...unfilled,
        id: '8886774',
        side: 'buy',
        type: 'market',
        status: 'new',
        amount: '0.001',
        limitPrice: null,
        filled: '0',
        triggerPrice: '7103.04',
        sourceType: 'trailing_stop_market',
      },
    },
  ],
  44: [
    {
      order: {
        ...perpetual,
        ...september,
        id: '8887002',
        side: 'sell',
        status: 'filled',
        amount: '0.010',
        limitPrice: '50000.00',
        filled: '0.010',
        notional: '≈500',
        price: '50000.00',
        fee: '0.25000000',
      },
    },
  ],
  45: [
    {
      fill: {
        id: '12346002',
        orderId: '8887002',
        symbol: 'BTC/USDT:USDT',
        side: 'sell',
        price: '50000.00',
        amount: '0.010',
        cost: '≈500',
        fee: '0.25000000',
        feeCurrency: 'USDT',
        takerOrMaker: 'taker',
        timestamp: 1_568_879_465_651,
      },
    },
  ],
  // The exchange says partially filled, though all of it is: its word stands.
  46: [{ order: { ...btcHalfOfTwo, amount: '0.001' } }],
  47: [btcFill],
  48: [{ order: { ...btcHalfOfTwo, amount: '0.002' } }],
  49: [btcFill],
  50: [ethBought],
  51: [ethBought],
  52: [
    {
      fill: {
        id: '2233445566',
        orderId: '8765432109',
        symbol: 'ETH/USDT:USDT',
        side: 'buy',
        price: '2500.00',
        amount: '1.000',
        cost: '≈2500',
        fee: '2.50000000',
        feeCurrency: 'USDT',
        takerOrMaker: 'taker',
        timestamp: 1_759_347_763_200,
      },
    },
  ],
  53: [
    {
      order: {
        ...perpetual,
        ...october,
        id: '9876543210',
        side: 'sell',
        type: 'market',
        status: 'filled',
        amount: '0.100',
        limitPrice: null,
        filled: '0.100',
        notional: '≈5000',
        price: '50000.00',
        fee: '5.00000000',
      },
    },
  ],
  54: [{ refused: 'amount' }],
  55: [
    {
      order: {
        ...eth,
        ...unfilled,
        id: '8765432102',
        side: 'buy',
        status: 'new',
        limitPrice: '2505.25',
        triggerPrice: '2500.00',
        sourceType: 'take_profit',
      },
    },
  ],
  56: [
    {
      order: {
        ...eth,
        ...unfilled,
        id: '8765432100',
        side: 'buy',
        status: 'new',
        limitPrice: '2495.50',
      },
    },
  ],
  57: [
    {
      order: {
        ...eth,
        ...unfilled,
        id: '8765432200',
        side: 'sell',
        status: 'new',
        limitPrice: '2500.00',
      },
    },
  ],
  58: [
    {
      order: {
        ...eth,
        ...unfilled,
        id: '8765432101',
        side: 'sell',
        status: 'new',
        limitPrice: '2405.75',
        triggerPrice: '2400.00',
        sourceType: 'stop',
      },
    },
  ],
  59: [
    {
      order: {
        ...perpetual,
        id: '6543210987',
        side: 'buy',
        type: 'market',
        status: 'filled',
        amount: '0.050',
        limitPrice: null,
        filled: '0.050',
        notional: '≈2550',
        price: '51000.00',
        fee: '2.55000000',
        createdMs: 1_759_347_763_300,
        updatedMs: 1_759_347_763_300,
      },
    },
  ],
  60: [
    {
      order: {
        ...eth,
        id: '8765432300',
        side: 'sell',
        status: 'filled',
        limitPrice: '2500.00',
        filled: '1.000',
        notional: '≈2500',
        price: '2500.00',
        fee: '0.50000000',
      },
    },
  ],
  61: [
    {
      fill: {
        id: '9988776655',
        orderId: '8765432300',
        symbol: 'ETH/USDT:USDT',
        side: 'sell',
        price: '2500.00',
        amount: '1.000',
        cost: '≈2500',
        fee: '0.50000000',
        feeCurrency: 'USDT',
        takerOrMaker: 'taker',
        timestamp: 1_759_347_763_200,
      },
    },
  ],
}
