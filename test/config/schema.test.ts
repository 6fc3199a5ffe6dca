import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { defaultConfigFile, schemaFile } from '../../src/config/files.js'
import { resolveConfig } from '../../src/config/resolve.js'
import { FileSchema, KEYS } from '../../src/config/schema.js'
import { schemaText } from '../../src/config/write-schema.js'
import { packageRoot } from '../helpers/package-root.js'

function read(file: string): Record<string, Record<string, unknown>> {
  return JSON.parse(readFileSync(file, 'utf8'))
}

const example = read(join(packageRoot, 'conf/example.json'))

describe('the schema of the configuration', () => {
  it('is what conf/config.schema.json holds; if not: npm run schema', () => {
    assert.equal(readFileSync(schemaFile, 'utf8'), schemaText())
  })

  it('is a JSON Schema', () => {
    assert.equal(new Ajv().validateSchema(JSON.parse(schemaText())), true)
  })

  it('describes every key', () => {
    const { items } = FileSchema.properties.channels
    for (const [key, schema] of [
      ...KEYS.map(({ section, key, schema }) => [`${section}.${key}`, schema] as const),
      ...Object.entries(FileSchema.properties),
      ...Object.entries(items.properties),
    ]) {
      assert.ok('description' in schema && schema.description !== '', key)
    }
  })

  it('has defaults that it allows', () => {
    const file: Record<string, Record<string, unknown>> = {}
    for (const { section, key, schema } of KEYS) {
      if ('default' in schema) file[section] = { ...file[section], [key]: schema.default }
    }
    assert.deepEqual(
      resolveConfig(file, 'the defaults', { env: {} }),
      resolveConfig({}, 'nothing', { env: {} }),
    )
  })
})

/** Keys that cannot stand beside `auth.keyFile`. */
const ALTERNATIVES = ['auth.key', 'auth.jwksUrl']

describe('the files in conf/', () => {
  it('hold an example of every key that is read', () => {
    for (const { section, key, schema } of KEYS) {
      const holds = Object.hasOwn(example[section] ?? {}, key)
      const isOther = ALTERNATIVES.includes(`${section}.${key}`)
      assert.equal(holds, !schema.deprecated && !isOther, `${section}.${key}`)
    }
    const used = new Set((Object.values(example.channels ?? {}) as object[]).flatMap(Object.keys))
    assert.deepEqual(
      [...used].sort(),
      Object.keys(FileSchema.properties.channels.items.properties).sort(),
    )
  })

  it('hold an example that can be used without a warning', () => {
    const { config, warnings } = resolveConfig(example, 'example.json')
    assert.deepEqual(warnings, [])
    assert.deepEqual([...config.channels.keys()], ['news', 'chat'])
  })

  it('hold a default that keeps histories, and lets only this machine publish', () => {
    const { default: defaults, leveldb } = read(defaultConfigFile)
    assert.equal(leveldb, undefined)
    assert.deepEqual(defaults, {
      cacheAdapter: 'leveldb',
      cacheLength: 500,
      allowedOrigins: '*',
      restrictPublish: ['127.0.0.0/8', '::1'],
    })
  })
})
