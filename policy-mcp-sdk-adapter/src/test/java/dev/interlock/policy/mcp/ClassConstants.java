package dev.interlock.policy.mcp;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a class file refers to, as its constants say.
 *
 * @param file the class file
 * @param texts all texts: names, descriptors, string literals
 * @param members the fields and methods
 */
record ClassConstants(Path file, List<String> texts, List<Member> members) {

    /**
     * A field or method.
     *
     * @param owner its class, with slashes
     * @param descriptor its type, as class files write it
     */
    record Member(String owner, String name, String descriptor) {

        boolean isMethod() {
            return descriptor.startsWith("(");
        }
    }

    /** Of all classes of the adapter. */
    static List<ClassConstants> ofTheAdapter() throws IOException, URISyntaxException {
        return besides(EnforcingClientTransport.class);
    }

    /** Of all classes of the adapter's tests. */
    static List<ClassConstants> ofTheTests() throws IOException, URISyntaxException {
        return besides(ClassConstants.class);
    }

    private static List<ClassConstants> besides(Class<?> type) throws IOException, URISyntaxException {
        Path classes =
                Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (!Files.isDirectory(classes)) {
            throw new IllegalStateException("these are not the classes as they were compiled: " + classes);
        }
        try (Stream<Path> files = Files.walk(classes)) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .map(ClassConstants::read)
                    .toList();
        }
    }

    /** The class's name without its package, and without the class that it is nested in. */
    String outermost() {
        return file.getFileName().toString().replaceFirst("[$.].*", "");
    }

    private static ClassConstants read(Path file) {
        try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
            in.readInt(); // magic
            in.readInt(); // version
            int count = in.readUnsignedShort();
            Object[] constants = new Object[count];
            for (int i = 1; i < count; i++) {
                int tag = in.readUnsignedByte();
                constants[i] = switch (tag) {
                    case 1 -> in.readUTF();
                    case 7, 8, 16, 19, 20 -> new int[] {tag, in.readUnsignedShort()};
                    case 9, 10, 11, 12, 17, 18 -> new int[] {tag, in.readUnsignedShort(), in.readUnsignedShort()};
                    case 15 -> new int[] {tag, in.readUnsignedByte(), in.readUnsignedShort()};
                    case 3, 4 -> new int[] {tag, in.readInt()};
                    case 5, 6 -> {
                        in.readLong();
                        yield new int[] {tag};
                    }
                    default -> throw new IOException("a constant of kind " + tag + " in " + file);
                };
                if (tag == 5 || tag == 6) {
                    i++; // takes two places
                }
            }
            return new ClassConstants(file, texts(constants), members(constants));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> texts(Object[] constants) {
        return Stream.of(constants)
                .filter(String.class::isInstance)
                .map(String.class::cast)
                .toList();
    }

    private static List<Member> members(Object[] constants) {
        List<Member> members = new ArrayList<>();
        for (Object constant : constants) {
            if (constant instanceof int[] member && member[0] >= 9 && member[0] <= 11) {
                int[] owner = (int[]) constants[member[1]];
                int[] nameAndType = (int[]) constants[member[2]];
                members.add(new Member((String) constants[owner[1]], (String) constants[nameAndType[1]], (String)
                        constants[nameAndType[2]]));
            }
        }
        return members;
    }
}
