/** The ACL file of a server whose only user is a mirror with the rights that docs/mirror.md names. */
export function mirrorAcl(password: string): string[] {
  return [
    'user default off',
    `user mirror on >${password} ~orders ~balances ~open:* ~tickers:* ~trades:* ~deposits:* ` +
      '~withdrawals:* ~engine:* ~mirror:* &mirror:* ' +
      '+evalsha +eval +evalsha_ro +eval_ro +get +set +del +incr +type +hset +hdel +hget +hmget ' +
      '+hgetall +hvals +sadd +srem +smembers +publish +subscribe +unsubscribe +ping +info',
  ]
}
