import { launchPage } from "../shared/launching.js";
import { SCOPES } from "./scopes.js";

launchPage(SCOPES);
