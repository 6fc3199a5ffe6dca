import type { Http2ServerRequest } from 'node:http2'
import type { Socket } from 'node:net'
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from 'fastify'
import type { Logger } from 'pino'
import { clientAddress } from '../access/client-address.js'
import type { HubError } from '../errors.js'
import type { Publisher } from '../store/store.js'
import { answerBrokenRequest, refuseTunnel } from './broken-request.js'
import type { ServerContext } from './context.js'
import { allowInspection, corsHeaders, preflightRoute } from './cors.js'
import { answerError, HttpError, type RequestError, refuseMethod } from './errors.js'
import { countAnswer, countError } from './failures.js'
import { FrontDoor } from './front-door.js'
import { CLOSE, checkHead, checkHttp2Head, headTimeoutOf } from './head.js'
import { dropBody, isHttp2Request, limitBody } from './http2.js'
import type { HubRequest } from './hub-request.js'
import { inspectRoutes } from './inspect.js'
import { linger } from './linger.js'
import { publishRoute } from './publish.js'
import { takeTokens } from './query-tokens.js'
import { subscribeRoute } from './subscribe.js'
import { isInspection, originForm, parseTarget } from './target.js'

declare module 'fastify' {
  interface FastifyRequest extends Mutable<Omit<HubRequest, 'raw'>> {
    /** Who publishes by it. */
    publisher: Publisher
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Ms between two looks at which requests have taken too long. */
const TIMEOUT_CHECK = 1000

/** What any address knows; others are refused before fastify has its own idea of them. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS'])

/** The hub's HTTP server, not yet listening. */
export function createServer(context: ServerContext): FastifyInstance {
  const { maxHeaderBytes, requestTimeout } = context.config.server
  const queryTokens = new WeakMap<object, readonly string[]>()
  /** The sockets that have had their last request. */
  const last = new WeakSet<Socket>()
  const app = fastify({
    loggerInstance: quieter(context.logger),
    childLoggerFactory: (parent) => parent, // one for each request would cost more than the rest
    logController: new LogController({ disableRequestLogging: true }),
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: maxHeaderBytes },
    rewriteUrl: (request) => {
      const { target, tokens } = takeTokens(originForm(request.url ?? '/', request.method))
      if (tokens.length > 0) queryTokens.set(request, tokens)
      Object.assign(request, { originalUrl: target }) // fastify has put the one with tokens there
      return target
    },
    requestTimeout: requestTimeout * 1000,
    http: {
      headersTimeout: headTimeoutOf(context.config),
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: TIMEOUT_CHECK,
      requireHostHeader: false, // Node would go on after its answer: `checkHead` sees to it
    },
    // While the hub stops, subscribers get a 200 and a retry: the routes see to that.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      answerError(errorOf(request.raw.url, error), reply, context.burstLog),
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, context),
  })
  // A publisher that has ended its side still waits for its answer, however long the store takes.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  app.setErrorHandler((error: Parameters<typeof answerError>[0], request, reply) => {
    countError(error, context)
    const isLast = error instanceof HttpError && error.headers.Connection === 'close'
    if (isLast && !isHttp2Request(request.raw)) {
      last.add(request.raw.socket)
      linger(request.raw)
    }
    answerError(error, reply, context.burstLog)
  })
  app.setNotFoundHandler((request) => refuseMethod(request, context.config))
  app.decorateRequest('target')
  app.decorateRequest('address')
  app.decorateRequest('publisher')
  app.decorateRequest('queryTokens')
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = request
    const isHttp2 = isHttp2Request(raw)
    if (isHttp2Request(raw)) {
      checkHttp2(raw, context)
    } else {
      // No answer can come after the last one, and nothing of HTTP into a stream. [spec]
      if (last.has(raw.socket) || context.taken.has(raw.socket)) {
        reply.hijack()
        return
      }
      if (!reply.raw.shouldKeepAlive) last.add(raw.socket)
      checkHead(raw)
    }
    if (!METHODS.has(request.method)) refuseMethod(request, context.config)
    const { 'transfer-encoding': encoding } = request.headers // no body that it frames is taken
    const { socket } = request.raw
    if (!isHttp2 && (encoding !== undefined || context.connections.limitOf(socket))) {
      reply.headers(CLOSE)
      last.add(socket)
    }
    request.queryTokens = queryTokens.get(request.raw) ?? []
    request.address = clientAddress(request.raw, context.trustedProxies)
    const { url = '/' } = request.raw
    if (!isInspection(url)) {
      request.target = parseTarget(url)
      reply.headers(corsHeaders(request, context))
    } else if (url !== '/') {
      allowInspection(request, reply, context)
    }
    done()
  })
  app.addHook('onResponse', (request, { raw, statusCode }, done) => {
    countAnswer(statusCode, context.counters)
    if (!request.raw.readableEnded) dropBody(raw)
    done()
  })
  const frontDoor = new FrontDoor(app.server, context)
  app.server.on('connection', (socket) => context.connections.meet(socket))
  // An expectation that nobody knows is passed over, rather than answered by what is no JSON. [spec]
  app.server.on('checkExpectation', (...message) => app.server.emit('request', ...message))
  app.server.on('connect', (_request, socket) => refuseTunnel(socket as Socket, context))
  app.addHook('preClose', (done) => {
    frontDoor.close()
    done()
  })
  preflightRoute(app, context)
  inspectRoutes(app, context)
  publishRoute(app, context)
  subscribeRoute(app, context)
  return app
}

/** What the hub has to say of a target that its router cannot read. */
function errorOf(target = '/', error: FastifyError): RequestError {
  try {
    parseTarget(target)
    return error
  } catch (ours) {
    return ours as HubError
  }
}

/** Holds a request of HTTP/2 to what Node holds those of HTTP/1.1 to. */
function checkHttp2(request: Http2ServerRequest, { config, counters }: ServerContext): void {
  const { maxHeaderBytes, requestTimeout } = config.server
  checkHttp2Head(request, maxHeaderBytes, counters)
  if (requestTimeout === 0) return
  limitBody(request, requestTimeout * 1000, () => {
    counters.invalidRequests += 1
    counters.timedOutRequests += 1
  })
}

/** fastify says where it listens by itself; the hub says it better. */
function quieter(logger: Logger): FastifyBaseLogger {
  return logger.child({}, { level: logger.isLevelEnabled('warn') ? 'warn' : logger.level })
}
