import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SECTIONS } from '../src/config/sections.js'
import { packageRoot } from './helpers/package-root.js'

describe('the README', () => {
  let readme: string

  before(async () => {
    readme = await readFile(join(packageRoot, 'README.md'), 'utf8')
  })

  it('has every key of the configuration, with its default', () => {
    const rows = readme.split('\n').filter((line) => line.startsWith('| `'))
    for (const [section, keys] of Object.entries(SECTIONS)) {
      for (const [key, schema] of Object.entries(keys)) {
        const { default: initial, deprecated } = schema as {
          default?: unknown
          deprecated?: boolean
        }
        if (deprecated) continue
        const row = rows.find(
          (line) =>
            line.includes(`\`${section}.${key}\``) ||
            (line.startsWith(`| \`${section}.`) && line.includes(`\`.${key}\``)),
        )
        assert.ok(row, `${section}.${key}`)
        if (initial === undefined || initial === '') continue
        assert.ok(
          row.replaceAll('"', '').includes(`\`${initial}\``),
          `${section}.${key}: ${initial}`,
        )
      }
    }
  })

  it('begins with the two commands, which package.json has', async () => {
    const { scripts } = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8'))
    const commands = [...readme.matchAll(/^npm ci && npm (\w+)/gm)].map(([, script]) => script)
    assert.deepEqual(commands, ['start', 'test'])
    for (const script of commands) assert.ok(scripts[script as string])
  })
})
