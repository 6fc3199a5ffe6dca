FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
# Variables come before the file: inside, port and folder are always these.
ENV NODE_ENV=production \
    SSEHUB_CONFIG=/etc/ssehub/config.json \
    SSEHUB_SERVER_PORT=8080 \
    SSEHUB_LEVELDB_STORAGEDIR=/var/lib/ssehub
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/bin bin
COPY --from=build /build/conf conf
COPY --from=build /build/dist dist
COPY conf/config.json conf/config.schema.json /etc/ssehub/
RUN ln -s /app/bin/run.js /usr/local/bin/ssehub && install -d -o node -g node /var/lib/ssehub
USER node
VOLUME /var/lib/ssehub
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "const ask = (by, orElse) => by.get({ host: '127.0.0.1', port: process.env.SSEHUB_SERVER_PORT, rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', orElse); ask(http, () => ask(https, () => process.exit(1)))"]
ENTRYPOINT ["ssehub"]
CMD ["serve"]
