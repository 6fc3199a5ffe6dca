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
  return (await makeAuthority()).issue()
}

/** Makes a certificate authority, which makes certificates for this machine. */
export async function makeAuthority() {
  const ca = filesIn(makeFolderOfRun(), 'ca')
  await request(ca, '-subj', '/CN=the CA of a test')
  return {
    ca: ca.cert,
    /** @param name what the certificate can be known by */
    async issue(name = 'localhost', ...args: string[]): Promise<Certificate> {
      const server = filesIn(makeFolderOfRun(), 'server')
      await request(
        server,
        ...['-subj', `/CN=${name}`, '-CA', ca.cert, '-CAkey', ca.key],
        ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ...args,
      )
      return { ca: ca.cert, ...server }
    },
  }
}

function filesIn(folder: string, name: string) {
  return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
}

async function request(files: { cert: string; key: string }, ...args: string[]): Promise<void> {
  await run(openssl(), [
    ...['req', '-x509', '-days', '2', '-newkey', 'ec'],
    ...(args.includes('-passout') ? [] : ['-nodes']),
    ...['-pkeyopt', 'ec_paramgen_curve:prime256v1', '-out', files.cert, '-keyout', files.key],
    ...args,
  ])
}
