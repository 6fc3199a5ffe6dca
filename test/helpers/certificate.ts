import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeFolderOfRun } from './folder.js'
import { needProgram } from './program.js'

/** The files of a server's certificate, in PEM. */
export interface Certificate {
  /** What a client has to trust. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

const openssl = needProgram({
  names: ['openssl'],
  package: 'openssl',
  variable: 'SSEHUB_TEST_OPENSSL',
})

const run = promisify(execFile)

/** Makes a certificate authority, and a certificate of it for this machine. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = makeFolderOfRun()
  const path = (name: string) => join(folder, name)
  const ca = { cert: path('ca.pem'), key: path('ca.key') }
  const server = { cert: path('server.pem'), key: path('server.key') }
  const request = (files: { cert: string; key: string }, ...args: string[]) =>
    run(openssl(), [
      ...['req', '-x509', '-days', '2', '-nodes', '-newkey', 'ec'],
      ...['-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', files.cert, '-keyout', files.key],
      ...args,
    ])
  await request(ca, '-subj', '/CN=the CA of a test')
  await request(
    server,
    ...['-subj', '/CN=localhost', '-CA', ca.cert, '-CAkey', ca.key],
    ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE'],
  )
  return { ca: ca.cert, ...server }
}
