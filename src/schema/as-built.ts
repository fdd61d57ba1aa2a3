/** Texts of queries as their builders wrote them. Not in the query itself: a copy may have another text. */
const built = new WeakMap<object, string>()

/** The same query, whose text is its builder's. */
export function asBuilt<Q extends { readonly sql: string }>(query: Q): Q {
  built.set(query, query.sql)
  return query
}

/**
 * Whether a text is its builder's own, in which the names of tables mean what the builder meant. In one that a
 * caller put around it a name may stand for rows of his.
 */
export function isAsBuilt(query: { readonly sql: string }): boolean {
  return built.get(query) === query.sql
}
