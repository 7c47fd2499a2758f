package io.treeverse.clients

// sbt writes it from its own settings; lakeFS sees the version in the header of each request.
object BuildInfo {
  val version: String = "0.22.0"
}
