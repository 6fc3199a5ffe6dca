import { Flags } from '@oclif/core'
import { ALGORITHMS } from '../../src/access/key.js'
import { mintToken } from '../../src/access/mint.js'
import { BaseCommand } from '../../src/cli/base-command.js'
import { duration } from '../../src/cli/duration.js'
import { withExitCodes } from '../../src/cli/exit-code.js'
import { keyFile, readKey } from '../../src/cli/key.js'

export default class Token extends BaseCommand {
  static override summary = 'make a token'
  static override description = withExitCodes(
    'Prints a JSON Web Token that lets its bearer publish to channels and read them: each a name, or with * at its end all that begin so. The key is a secret, or a private key as PEM or JSON Web Key.',
  )
  static override examples = [
    "<%= config.bin %> <%= command.id %> --publish news --subscribe 'user-7/*' --key-file secret",
    '<%= config.bin %> <%= command.id %> --subscribe news --expires 10m --key-file private.pem --json',
  ]
  static override flags = {
    publish: Flags.string({
      description: 'a channel that it lets publish to; may be repeated',
      helpValue: 'CHANNEL',
      multiple: true,
      multipleNonGreedy: true,
    }),
    subscribe: Flags.string({
      description: 'a channel that it lets read; may be repeated',
      helpValue: 'CHANNEL',
      multiple: true,
      multipleNonGreedy: true,
    }),
    stats: Flags.boolean({ description: "let it see the hub's figures" }),
    expires: duration({
      description: 'how long it is good: 90s, 10m, 1h, 7d, or never',
      default: 3600,
      defaultHelp: async () => '1h',
    }),
    'key-file': keyFile,
    algorithm: Flags.option({
      description: 'sign it so; by default HS256, RS256, or what else the key is for',
      options: ALGORITHMS,
    })(),
    kid: Flags.string({ description: 'the name of the key', helpValue: 'NAME' }),
    issuer: Flags.string({ description: 'who makes it (iss)' }),
    audience: Flags.string({ description: 'what it is for (aud)' }),
    subject: Flags.string({ description: 'whom it is for (sub)' }),
    json: Flags.boolean({ description: 'print JSON: the token, its algorithm and claims' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.parse(Token)
    const { publish, subscribe, stats, expires, issuer, audience, subject, algorithm, kid } = flags
    const key = await readKey(flags['key-file'])
    if (key === undefined) this.error('give --key-file, or the key in SSEHUB_AUTH_KEY')
    if (!publish && !subscribe && !stats) this.error('give --publish, --subscribe or --stats')
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      ...(issuer !== undefined && { iss: issuer }),
      ...(audience !== undefined && { aud: audience }),
      ...(subject !== undefined && { sub: subject }),
      iat: now,
      ...(Number.isFinite(expires) && { exp: now + expires }),
      ssehub: {
        ...(publish && { publish }),
        ...(subscribe && { subscribe }),
        ...(stats && { stats }),
      },
    }
    const minted = await mintToken(claims, key, {
      algorithm,
      kid,
      warn: (message) => this.tell(`warning: ${message}`),
    })
    if (flags.json) this.printJson(minted)
    else this.print(minted.token)
  }
}
