import Type, { type Static, type TObject, type TProperties } from 'typebox'
import { channelKeys, SECTIONS, type SectionName } from './sections.js'

/** The parts of a JSON Schema that this folder works with. */
export interface SchemaNode {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly SchemaNode[]
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly format?: string
  readonly description?: string
  /** Nothing reads it. */
  readonly deprecated?: boolean
  /** It is secret: never to be shown. */
  readonly writeOnly?: boolean
}

/** A key of a section, such as `server.port`. */
export interface Key {
  readonly section: SectionName
  readonly key: string
  readonly schema: SchemaNode
}

/** Every key of every section; those of `channels` are not among them. */
export const KEYS: readonly Key[] = (Object.keys(SECTIONS) as SectionName[]).flatMap((section) =>
  Object.entries(SECTIONS[section]).map(([key, schema]) => ({
    section,
    key,
    schema: schema as SchemaNode,
  })),
)

/** The keys of one of `channels`; what it does not say, it takes from `default`. */
const channel = Type.Object(
  {
    path: Type.String({ format: 'channel', description: 'The name: the path of its URL.' }),
    ...Type.Partial(Type.Object(channelKeys({}))).properties,
  },
  { additionalProperties: false },
)

/** The configuration file: its types, defaults, checks, and the JSON Schema for editors. */
export const FileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'Where this schema is, for editors.' })),
    server: section(SECTIONS.server, 'How the hub listens and serves.'),
    tls: section(SECTIONS.tls, 'HTTPS from the hub itself; the files are read again on change.'),
    amqp: section(SECTIONS.amqp, 'RabbitMQ as a source of events.'),
    redis: section(SECTIONS.redis, 'For channels whose cacheAdapter is "redis".'),
    auth: section(SECTIONS.auth, 'What tokens and keys let their bearers publish and read.'),
    leveldb: section(SECTIONS.leveldb, 'For channels whose cacheAdapter is "leveldb".'),
    default: section(SECTIONS.default, 'What a channel is like that does not say otherwise.'),
    channels: Type.Optional(
      Type.Array(channel, { default: [], description: 'Channels that differ from "default".' }),
    ),
  },
  { additionalProperties: false, title: 'The configuration of ssehub' },
)

/** A checked configuration file with its defaults filled in. */
export type FilledFile = {
  readonly [S in SectionName]: Readonly<Static<TObject<(typeof SECTIONS)[S]>>>
} & { readonly channels: readonly Readonly<Static<typeof channel>>[] }

function section<P extends TProperties>(keys: P, description: string) {
  return Type.Optional(
    Type.Partial(Type.Object(keys), { additionalProperties: false, description }),
  )
}
