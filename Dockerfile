# One image for API, worker and sandbox; the command says which.
FROM node:22-bookworm-slim AS build
WORKDIR /app
ENV SKIP_FFMPEG=true
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/package.json package.json
COPY --from=build /app/scripts scripts
COPY --from=build /app/deploy deploy
COPY --from=build /app/examples examples
RUN mkdir -p /var/lib/everframe && chown node:node /var/lib/everframe
USER node
CMD ["node", "dist/api/main.js"]
