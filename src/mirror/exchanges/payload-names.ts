/**
 * How exchanges name a decimal in their payloads, the likelier name first: where ccxt gives a
 * float, its digits are looked up under these. One-letter names are those of Binance's streams.
 */
export const payloadNames = {
  order: {
    amount: ['origQty', 'q', 'qty', 'quantity', 'amount', 'size', 'sz', 'orderQty'],
    price: ['price', 'p', 'px', 'limitPrice', 'orderPrice'],
    average: ['avgPrice', 'ap', 'avgPx', 'average', 'L'],
    triggerPrice: ['stopPrice', 'P', 'sp', 'triggerPrice', 'triggerPx'],
    filled: ['executedQty', 'z', 'cumExecQty', 'accFillSz', 'filledSize', 'filled', 'cumQty'],
    cost: ['cummulativeQuoteQty', 'Z', 'cumQuote', 'cumExecValue', 'cost'],
    fee: ['commission', 'n', 'fee', 'cumExecFee', 'cost'],
    /** What a market order was to spend or to receive: its base amount follows from its fills. */
    quoteAmount: ['origQuoteOrderQty', 'quoteOrderQty', 'Q', 'funds', 'quote_size', 'origQuoteQty'],
  },
  fill: {
    price: ['L', 'price', 'p', 'fillPx', 'execPrice'],
    amount: ['l', 'qty', 'q', 'fillSz', 'execQty', 'size', 'amount'],
    cost: ['Y', 'quoteQty', 'execValue', 'cost'],
    fee: ['n', 'commission', 'fee', 'execFee', 'cost'],
  },
  balance: {
    free: ['free', 'f', 'available', 'availBal'],
    used: ['locked', 'l', 'used', 'frozen', 'frozenBal'],
    total: ['total', 'wb', 'balance', 'cashBal', 'walletBalance'],
  },
  ticker: {
    price: ['lastPrice', 'c', 'last', 'price', 'close'],
    bid: ['bidPrice', 'b', 'bid', 'bidPx'],
    ask: ['askPrice', 'a', 'ask', 'askPx'],
    bidVolume: ['bidQty', 'B', 'bidSz', 'bidVolume'],
    askVolume: ['askQty', 'A', 'askSz', 'askVolume'],
  },
  transfer: {
    amount: ['amount', 'qty', 'quantity', 'size'],
  },
} as const
