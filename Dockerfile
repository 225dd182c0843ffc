# The image of one app: docker build --build-arg APP=mqtt-adapter -t rollcall-mqtt-adapter .
#
# Not built where this repository was written, for want of a container engine: the steps were run one by one outside of
# one, and what they make was started.
ARG NODE_IMAGE=node:24-slim
# The folder in apps/.
ARG APP

# What this one app needs of the repository.
FROM ${NODE_IMAGE} AS pruned
ARG APP
WORKDIR /repository
COPY . .
RUN npm install --global turbo@2.11.9 && turbo prune "$(node -p "require('./apps/${APP}/package.json').name")" --docker

FROM ${NODE_IMAGE} AS built
ARG APP
RUN npm install --global pnpm@12.4.2
WORKDIR /rollcall
# Only a change of dependencies installs anew.
COPY --from=pruned /repository/out/json/ ./
RUN pnpm install --frozen-lockfile
COPY --from=pruned /repository/out/full/ ./
COPY tsconfig.base.json ./
COPY scripts/bundle-app.mjs scripts/
# The link gives the image one command for every app; Node.js finds modules from where it leads.
RUN pnpm exec turbo run build --filter=./apps/* \
  && rm -rf node_modules ./*/*/node_modules \
  && CI=true pnpm install --prod --frozen-lockfile --offline \
  && ln -s "apps/${APP}/dist/main.js" main.js

FROM ${NODE_IMAGE} AS program
ENV NODE_ENV=production \
  # Loopback is not reachable from outside a container.
  ROLLCALL_HEALTH_BINDADDRESS=0.0.0.0
WORKDIR /rollcall
COPY --from=built /rollcall ./
# The journal, or the database, must outlive the container: name the volume, and give each replica its own.
RUN install -d -o node -g node /var/lib/rollcall
VOLUME /var/lib/rollcall
USER node
# Not by npm or a shell: SIGTERM must reach the app.
CMD ["node", "main.js"]

FROM program AS app
ENV ROLLCALL_JOURNAL_DIRECTORY=/var/lib/rollcall

# Each adapter's own: from the field `rollcall` of its package.json, by `npm run tables`.
# <adapters>
FROM app AS mqtt-adapter
ENV ROLLCALL_MQTT_INSECUREPORTBINDADDRESS=0.0.0.0 \
  ROLLCALL_MQTT_BINDADDRESS=0.0.0.0
EXPOSE 1883 8883 8088

FROM app AS http-adapter
ENV ROLLCALL_HTTP_INSECUREPORTBINDADDRESS=0.0.0.0 \
  ROLLCALL_HTTP_BINDADDRESS=0.0.0.0
EXPOSE 8080 8443 8088

FROM app AS amqp-adapter
ENV ROLLCALL_AMQP_INSECUREPORTBINDADDRESS=0.0.0.0 \
  ROLLCALL_AMQP_BINDADDRESS=0.0.0.0
EXPOSE 5672 5671 8088

FROM app AS coap-adapter
ENV ROLLCALL_COAP_INSECUREPORTBINDADDRESS=0.0.0.0 \
  ROLLCALL_COAP_BINDADDRESS=0.0.0.0
EXPOSE 5683/udp 5684/udp 8088

# </adapters>

# The presence service: give it a file of tokens, or the keys of their issuer. Its database must outlive the container.
FROM program AS presence
ENV ROLLCALL_PRESENCE_BINDADDRESS=0.0.0.0 \
  ROLLCALL_PRESENCE_DIRECTORY=/var/lib/rollcall/presence
EXPOSE 8090 8088

# The device registry: give it a file of users or tokens. Its database must outlive the container.
FROM program AS device-registry
ENV ROLLCALL_REGISTRY_HTTP_BINDADDRESS=0.0.0.0 \
  ROLLCALL_REGISTRY_AMQP_INSECUREPORTBINDADDRESS=0.0.0.0 \
  ROLLCALL_REGISTRY_AMQP_BINDADDRESS=0.0.0.0 \
  ROLLCALL_REGISTRY_DIRECTORY=/var/lib/rollcall/registry
EXPOSE 28080 5672 5671 8088

# The command line, e.g. for `rollcall journal` on the volume of an adapter.
FROM app AS rollcall
ENTRYPOINT ["node", "main.js"]
CMD ["--help"]

FROM ${APP}
