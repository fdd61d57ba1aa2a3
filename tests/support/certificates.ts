import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Files in PEM form. */
export interface Certificates {
  readonly ca: string
  /** For the server (and for a client that must show one), valid for 127.0.0.1 and localhost. */
  readonly cert: string
  readonly key: string
}

/** A throw-away authority and one certificate that it signed, made by openssl in `dir`. */
export async function makeCertificates(dir: string): Promise<Certificates> {
  await mkdir(dir, { recursive: true })
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: dir })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=test-ca']
  await openssl('req', '-x509', ...newKey, ...authority)
  const request = ['-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost']
  await openssl('req', ...newKey, ...request)
  await writeFile(join(dir, 'san.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const signing = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
  const files = ['-in', 'server.csr', '-out', 'server.crt', '-extfile', 'san.ext']
  await openssl('x509', '-req', ...signing, ...files)
  return {
    ca: join(dir, 'ca.crt'),
    cert: join(dir, 'server.crt'),
    key: join(dir, 'server.key'),
  }
}
