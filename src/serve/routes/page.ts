import type { RouteContext } from '../answer/route-context.ts'
import { readPageFiles } from '../page/page-files.ts'

/** The page may ask this server alone, and runs nothing that is not one of its own files. */
const policy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

/**
 * The page at `/`. Its files hold no data, so they are given without a token; what it shows it asks
 * of the same addresses as everybody, with the token that its user types in.
 */
export async function addPageRoutes({ app, options }: RouteContext): Promise<void> {
  if (!options.ui) return
  const { html, script, style, icon } = await readPageFiles()
  const files = [
    ['/', html, 'text/html; charset=utf-8'],
    ['/page.js', script, 'text/javascript; charset=utf-8'],
    ['/page.css', style, 'text/css; charset=utf-8'],
    ['/icon.svg', icon, 'image/svg+xml'],
    ['/favicon.ico', icon, 'image/svg+xml'],
  ] as const
  for (const [path, text, type] of files)
    app.get(path, (_request, reply) =>
      reply
        .headers({
          'content-type': type,
          'content-security-policy': policy,
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-cache',
        })
        .send(text),
    )
}
