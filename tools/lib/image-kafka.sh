# Sourced by tools/images/build: one Kafka broker on a small Java runtime made by jlink.
. "$(dirname "${BASH_SOURCE[0]}")/kafka.sh"
. "$(dirname "${BASH_SOURCE[0]}")/rootfs.sh"
. "$(dirname "${BASH_SOURCE[0]}")/image.sh"

# What the broker uses of Java; found by running it: a missing module ends it at its start. (java.desktop is there
# for java.beans, which the logging library asks for; its native half is removed.)
CP_KAFKA_JAVA_MODULES=java.base,java.desktop,java.logging,java.management,java.naming,java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.crypto.ec,jdk.management,jdk.unsupported,jdk.zipfs
# What the runtime links to.
CP_JAVA_LIBRARIES="libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libgcc_s.so.1 libstdc++.so.6 libz.so.1"

# kafka_rootfs ROOTFS JAVA_HOME JARS: everything but the class archive.
kafka_rootfs() {
  local rootfs=$1 java=$2 jars=$3 runtime library applet
  runtime=$(c_runtime)
  rootfs_base "$rootfs"
  mkdir -p "$rootfs"/{opt/kafka,var/lib/kafka}
  "$java/bin/jlink" --module-path "$java/jmods" --add-modules "$CP_KAFKA_JAVA_MODULES" --output "$rootfs/opt/java" \
    --strip-java-debug-attributes --no-header-files --no-man-pages
  rm -f "$rootfs"/opt/java/lib/lib{awt,awt_headless,awt_xawt,fontmanager,freetype,javajpeg,jawt,jsound,lcms,mlib_image,splashscreen}.so
  strip --strip-unneeded "$rootfs"/opt/java/lib/*.so "$rootfs"/opt/java/lib/server/*.so
  cp "$jars"/*.jar "$rootfs/opt/kafka/"
  cp "$(elf_loader "$runtime")" "$rootfs/usr/lib64/ld-linux-x86-64.so.2"
  for library in $CP_JAVA_LIBRARIES; do
    cp -L "$(find "$runtime" -name "$library" -print -quit)" "$rootfs/$CP_LIBRARY_FOLDER/"
  done
  debs_unpack "$rootfs.busybox" "$CP_DEBIAN_SUITE" busybox-static
  cp "$rootfs.busybox/bin/busybox" "$rootfs/usr/bin/"
  for applet in sh cat; do ln -s busybox "$rootfs/usr/bin/$applet"; done
  cp "$CP_ROOT/tools/images/start-kafka" "$rootfs/usr/bin/"
  rm -rf "$rootfs.busybox"
}

build_kafka_image() {
  local dir=$1 rootfs="$1/rootfs" config java jars
  kafka_rootfs "$rootfs" "$2" "$3"
  # The class archive remembers the times of the jars; layers carry time 0.
  find "$rootfs" -exec touch -h -d @0 {} +
  "$CP_ROOT/tools/images/in-rootfs" "$rootfs" /opt/java/bin/java -XX:+UseSerialGC -Xshare:dump
  jars=$(cd "$rootfs" && kafka_class_path opt/kafka | sed 's|opt/kafka|/opt/kafka|g')
  java=(/opt/java/bin/java -Xmx256m $CP_KAFKA_JVM_FLAGS $CP_KAFKA_LOG_FLAGS -cp "$jars")
  kafka_archive_classes "$rootfs" /opt/kafka/classes.jsa /tmp/scratch \
    "$CP_ROOT/tools/images/in-rootfs" "$rootfs" "${java[@]}"
  config='{"User":"1000:1000","WorkingDir":"/tmp","Entrypoint":["start-kafka"],"ExposedPorts":{"9092/tcp":{}},"Volumes":{"/var/lib/kafka":{}}'
  config+=',"Env":["PATH=/usr/bin:/opt/java/bin","KAFKA_CLASS_PATH='$jars'","KAFKA_JVM_FLAGS='"$CP_KAFKA_JVM_FLAGS $CP_KAFKA_LOG_FLAGS"'"]'
  config+=',"Labels":'$(image_labels kafka 'One Kafka broker for development and tests')'}'
  image_archive_in "$dir" "$rootfs" kafka "$config"
  rm -rf "$rootfs"
}

image_kafka() {
  local java jars fits folder
  java=$(java_home) || return 1
  jars=$(kafka_jars) || return 1
  [ -d "$java/jmods" ] || die "$java has no jmods folder, which jlink needs" "install a JDK (17 or newer) or set JAVA_HOME to one"
  fits=$(source_hash "$java/release" "$CP_ROOT"/tools/lib/{image,image-kafka,rootfs,kafka}.sh "$CP_ROOT/tools/images/start-kafka")
  folder=$(cached "image-kafka-$CP_KAFKA_VERSION-$fits" build_kafka_image "$java" "$jars") || return 1
  image_line "$folder"
}
