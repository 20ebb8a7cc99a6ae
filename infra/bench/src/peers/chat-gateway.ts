// The hand-written chat's gateway: Express and http-proxy-middleware with a keep-alive agent. The
// service behind it verifies the token.
import { Agent, createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { open } from './auth-and-listen.ts';

const app = express().disable('x-powered-by');
const agent = new Agent({ keepAlive: true });
app.use(createProxyMiddleware({ target: process.env.SERVICE as string, pathFilter: '/messages', agent }));
open(createServer(app));
