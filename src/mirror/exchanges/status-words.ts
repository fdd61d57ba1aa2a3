/** ccxt's words for an order's status; `closed` is one that has ended by execution. */
export type StatusWord = 'open' | 'closed' | 'canceled' | 'expired' | 'rejected'

/**
 * Words that exchanges document and that ccxt passes on where it doesn't know them. Each means the
 * same wherever it is used; one that doesn't belongs to its exchange's quirks.
 */
const words: Readonly<Record<StatusWord, string>> = {
  // Until the exchange confirms its end or its change, an order is live.
  open:
    'NEW OPEN ACTIVE ACCEPTED QUEUED CREATED UNTRIGGERED PARTIALLY_FILLED PENDING PENDING_NEW ' +
    'PENDING_OPEN PENDING_CANCEL PENDING_REPLACE CANCEL_QUEUED CANCEL_PENDING CANCELING ' +
    'CANCELLING EDIT_QUEUED EDIT_SENT',
  closed: 'FILLED FULLY_FILLED EXECUTED',
  canceled: 'CANCELED CANCELLED',
  expired: 'EXPIRED EXPIRED_IN_MATCH',
  rejected: 'REJECTED FAILED',
}

const meanings: ReadonlyMap<string, StatusWord> = new Map(
  Object.entries(words).flatMap(([meaning, names]) =>
    names.split(' ').map((name) => [name, meaning as StatusWord] as const),
  ),
)

/** What an exchange's own word means, in capitals or not; undefined for one that nobody knows. */
export function statusWord(word: string): StatusWord | undefined {
  return meanings.get(word.toUpperCase())
}
