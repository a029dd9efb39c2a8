# Sourced by the tools: the Kafka broker as jars and a ready way to run it.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$(dirname "${BASH_SOURCE[0]}")/versions.sh"
. "$(dirname "${BASH_SOURCE[0]}")/java.sh"

# What every JVM of a broker gets. One compiler tier and the serial collector halve start time and memory of a
# small broker; both ends of the class archive must run with the same collector.
CP_KAFKA_JVM_FLAGS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
CP_KAFKA_LOG_FLAGS="-Dorg.slf4j.simpleLogger.showDateTime=true -Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS -Dorg.slf4j.simpleLogger.logFile=System.out -Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config.AbstractConfig=warn"

build_kafka_jars() {
  mvn -B -q -f "$CP_ROOT/tools/deps/maven/pom.xml" -Dmaven.repo.local="$CP_CACHE/maven" \
    -Dkafka.version="$CP_KAFKA_VERSION" -Dslf4j.version="$CP_SLF4J_VERSION" \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1"
}

# kafka_jars: prints the folder with the broker's jars.
kafka_jars() {
  cached "kafka-$CP_KAFKA_VERSION-jars" build_kafka_jars
}

# kafka_class_path FOLDER: the jars of FOLDER, always in the same order: the class archive demands it.
kafka_class_path() {
  find "$1" -name '*.jar' | LC_ALL=C sort | paste -sd:
}

# free_port: prints a TCP port of loopback that nothing listens on, below the range the kernel hands out.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 10000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  printf '%s\n' "$port"
}

# kafka_archive_classes ROOT ARCHIVE SCRATCH JAVA [FLAG...]: runs a broker once with this JVM command line and keeps
# the classes it loaded in ARCHIVE (class data sharing), so that later starts take half the time. ROOT is the folder
# that is `/` for the command; empty for the machine's own. ARCHIVE and SCRATCH are paths below it.
kafka_archive_classes() {
  local root=$1 archive=$2 scratch=$3 pid tries controller
  local log="$root$scratch/log"
  shift 3
  mkdir -p "$root$scratch"
  controller=127.0.0.1:$(free_port)
  cat >"$root$scratch/server.properties" <<CONF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@$controller
listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://$controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$scratch/data
log.cleaner.dedupe.buffer.size=8388608
CONF
  "$@" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c "$scratch/server.properties"
  "$@" "-XX:ArchiveClassesAtExit=$archive" kafka.Kafka "$scratch/server.properties" >"$log" 2>&1 &
  pid=$!
  for tries in $(seq 600); do
    ! grep -q 'Kafka Server started' "$log" || break
    kill -0 "$pid" || { tail -n 30 "$log"; return 1; }
    sleep 0.1
  done
  kill -TERM "$pid"
  # A JVM ended by SIGTERM reports 143; the archive it leaves is the proof of success.
  wait "$pid" || [ -s "$root$archive" ] || { tail -n 30 "$log"; return 1; }
  rm -rf "${root}${scratch:?}"
}

# kafka_java JAVA_HOME HEAP_MB: the JVM command line of a broker without the class archive, one word per line.
kafka_java() {
  local jars
  jars=$(kafka_jars)
  printf '%s\n' "$1/bin/java" "-Xms$2m" "-Xmx$2m" $CP_KAFKA_JVM_FLAGS $CP_KAFKA_LOG_FLAGS \
    -cp "$(kafka_class_path "$jars")"
}

# build_kafka_runner PARTIAL JAVA_HOME: the class archive and a start script that uses it.
build_kafka_runner() {
  local dir=$1 java
  mapfile -t java < <(kafka_java "$2" 256)
  kafka_archive_classes "" "$dir/classes.jsa" "$dir/scratch" "${java[@]}"
  {
    printf '#!/bin/sh\n# kafka-java [JVM_FLAG...] MAIN_CLASS [ARG...]: a JVM with the broker on its class path.\n'
    # shellcheck disable=SC2016 # the script finds its own folder when it runs
    printf 'exec %s "-XX:SharedArchiveFile=$(dirname "$0")/classes.jsa" "$@"\n' "${java[*]}"
  } >"$dir/kafka-java"
  chmod +x "$dir/kafka-java"
}

# kafka_runner: prints the folder with `kafka-java`. A class archive fits one JVM and one place of the jars only.
kafka_runner() {
  local home jars fits
  home=$(java_home) || return 1
  jars=$(kafka_jars) || return 1
  fits=$(cat "$home/release" <(printf '%s %s' "$home" "$jars") "${BASH_SOURCE[0]}" | sha256sum | cut -c1-12)
  cached "kafka-$CP_KAFKA_VERSION-run-$fits" build_kafka_runner "$home"
}
