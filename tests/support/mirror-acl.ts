/** The ACL file of a server whose only user is a mirror with the rights that docs/mirror.md names. */
export function mirrorAcl(password: string): string[] {
  return [
    'user default off',
    `user mirror on >${password} ~orders ~balances ~open:* ~tickers:* ~trades:* ~deposits:* ` +
      '~withdrawals:* ~engine:* ~mirror:* &mirror:* ' +
      '+evalsha +eval +evalsha_ro +eval_ro +get +set +del +incr +type +hset +hdel +hget +hmget ' +
      '+hgetall +hvals +hscan +sadd +srem +smembers +zadd +zrem +zrange +publish +subscribe +unsubscribe +time +ping +info',
  ]
}

/** The same with a second user that may only read, as docs/mirror.md tells to make one. */
export function mirrorAndReaderAcl(password: string): string[] {
  const [off, writer] = mirrorAcl(password)
  const writing = 'evalsha eval set del incr hset hdel sadd srem zadd zrem publish'.split(' ')
  const reader = writer!
    .replace('user mirror', 'user reader')
    .replaceAll('~', '%R~')
    .split(' ')
    .filter((word) => !writing.includes(word.slice(1)) || !word.startsWith('+'))
  return [off!, writer!, reader.join(' ')]
}

/** The words of ACL SETUSER for the mirror's user of a cluster, whose keys have a prefix. */
export function clusterUser(password: string, keyPrefix: string): string[] {
  const line = mirrorAcl(password)[1]!.replaceAll(/([~&])/g, `$1${keyPrefix}`)
  return [...line.split(' ').slice(1), '+cluster|slots']
}
