import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Serve from '../commands/serve.js'
import { EXIT } from '../src/cli/exit-code.js'
import { loadConfig } from '../src/config/load.js'
import { makeCertificate } from './helpers/certificate.js'
import { makeFolder } from './helpers/folder.js'
import { type RunningHub, startHub } from './helpers/hub.js'
import { packageRoot } from './helpers/package-root.js'

const run = promisify(execFile)

const path = (name: string) => join(packageRoot, name)
const read = (name: string) => readFileSync(path(name), 'utf8')

/** What follows an instruction of the Dockerfile, everywhere. */
function instructions(name: string): string[] {
  const lines = read('Dockerfile')
    .replaceAll(/\\\n +/g, '')
    .split('\n')
  return lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length))
}

const variablesOf = (text: string, pattern: RegExp) =>
  Object.fromEntries([...text.matchAll(pattern)].map(([, name, value]) => [name, value]))

const ofImage = () => variablesOf(instructions('ENV').join(' '), /(\w+)=(\S+)/g)
const ofCompose = () => variablesOf(read('compose.yaml'), /^ +(SSEHUB_\w+): '?(.*?)'?$/gm)

describe('the image', () => {
  let hub: RunningHub | undefined
  afterEach(() => hub?.hub.stop())

  it('is built by scripts that there are, of files that there are and that are let through', () => {
    const { scripts } = JSON.parse(read('package.json'))
    const commands = [
      ...instructions('RUN')
        .join()
        .matchAll(/npm run (\w+)/g),
    ]
    assert.deepEqual(
      commands.map(([, script]) => script),
      ['build'],
    )
    assert.ok(scripts.build)
    const allowed = [...read('.dockerignore').matchAll(/^!(\S+)$/gm)].map(([, name]) => name)
    const copied = instructions('COPY')
      .filter((files) => !files.includes('--from'))
      .flatMap((files) => files.trim().split(' ').slice(0, -1))
    for (const name of [...copied, ...(allowed as string[])]) {
      assert.ok(existsSync(path(name)), name)
      assert.ok(name === '.' || allowed.includes(name.split('/')[0]), name)
    }
  })

  it('starts on a configuration that all its variables fit, alone and with Redis and RabbitMQ', () => {
    const file = path('conf/config.json')
    const alone = loadConfig({ file, env: ofImage() })
    assert.deepEqual(alone.warnings, [])
    assert.equal(alone.config.leveldb.storageDir, instructions('VOLUME')[0]?.trim())
    assert.equal(alone.config.server.port, Number(instructions('EXPOSE')[0]))
    const { config, warnings } = loadConfig({ file, env: { ...ofImage(), ...ofCompose() } })
    assert.deepEqual(warnings, [])
    assert.equal(config.channelDefaults.cacheAdapter, 'redis')
    assert.deepEqual([config.amqp.enabled, config.amqp.mode], [true, 'shared'])
  })

  it('knows by its healthcheck whether the hub answers', async () => {
    const [, json = ''] = /CMD (\[.*\])/.exec(instructions('HEALTHCHECK')[0] ?? '') ?? []
    const [program, ...args] = JSON.parse(json) as string[]
    assert.equal(program, 'node')
    const checks = (port: number) => {
      const env = { ...process.env, SSEHUB_SERVER_PORT: `${port}` }
      return run(process.execPath, args, { env })
    }
    hub = await startHub()
    await checks(hub.port)
    await hub.hub.stop()
    await assert.rejects(checks(hub.port), { code: 1 })
    hub = await startHub({}, {}, await makeCertificate())
    await checks(hub.port)
  })
})

describe('the unit of systemd', () => {
  it('serves, and does not try again where the configuration is wrong', () => {
    const unit = read('conf/ssehub.service')
    const [, flags = ''] = /^ExecStart=\/usr\/bin\/env ssehub serve (.*)$/m.exec(unit) ?? []
    const names = [...flags.matchAll(/--([\w-]+)/g)].map(([, name]) => name as string)
    assert.deepEqual(names, ['config'])
    for (const name of names) assert.ok(name in Serve.flags)
    assert.match(unit, new RegExp(`^RestartPreventExitStatus=${EXIT.usage} `, 'm'))
  })

  const program = '/usr/bin/systemd-analyze'
  const reason = existsSync(program) ? '' : ' (skipped: systemd-analyze is not here)'
  it(`has nothing that systemd does not know${reason}`, async function () {
    if (reason) this.skip()
    const { stderr } = await run(program, ['verify', path('conf/ssehub.service')])
    assert.doesNotMatch(stderr, /ssehub/)
  })
})

describe('the package', () => {
  it('has what it runs on, and nothing of which it lacks the other half', async () => {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot,
    })
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }]
    const names = files.map(({ path: name }) => name)
    for (const name of ['bin/run.js', 'dist/src/index.d.ts', 'conf/config.json']) {
      assert.ok(names.includes(name), name)
    }
    assert.deepEqual(
      names.filter((name) => !/^(bin|conf|dist\/(src|commands))\/|^[^/]+$/.test(name)),
      [],
    )
    assert.deepEqual(
      names.filter((name) => name.endsWith('.map')),
      [],
    )
  })
})

describe('a checkout that is not built', () => {
  it('says so, and what to do', async () => {
    const { folder, clean } = await makeFolder()
    await cp(path('bin'), join(folder, 'bin'), { recursive: true })
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const failed = await run(process.execPath, [join(folder, 'bin/run.js'), 'serve']).catch(
      (error) => error,
    )
    assert.equal(failed.code, EXIT.usage)
    assert.match(failed.stderr, /^ssehub: .* not built yet; run `npm run build` in it\n$/)
    await clean()
  })
})
