package dev.interlock.policy.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs this module's classes, as they are, with those classes of LangChain4j 1.19 that differ from the version that the
 * module is compiled against. They stand first on the class path of a loader of their own.
 */
class LaterLangChain4jTest {

    private static final Path SOURCES = Path.of("src/test/langchain4j-1.19");

    @TempDir
    static Path classes;

    private static URLClassLoader loader;

    @BeforeAll
    static void compile() throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String classPath = System.getProperty("java.class.path");
        StringWriter problems = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> sources = Files.walk(SOURCES)) {
            boolean compiled = compiler.getTask(
                            problems,
                            files,
                            null,
                            List.of("-proc:none", "-nowarn", "-cp", classPath, "-d", classes.toString()),
                            null,
                            files.getJavaFileObjectsFromPaths(
                                    sources.filter(file -> file.toString().endsWith(".java"))
                                            .toList()))
                    .call();
            assertThat(compiled).as("%s", problems).isTrue();
        }
        List<URL> urls = new ArrayList<>(List.of(url(classes)));
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            urls.add(url(Path.of(entry)));
        }
        loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    }

    private static URL url(Path entry) throws MalformedURLException {
        return entry.toUri().toURL();
    }

    @AfterAll
    static void close() throws IOException {
        loader.close();
    }

    @TestFactory
    Stream<DynamicTest> scenarios() throws ClassNotFoundException {
        Class<?> scenarios = loader.loadClass("dev.interlock.policy.langchain4j.ModernScenarios");
        List<Method> methods = Arrays.stream(scenarios.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .toList();
        assertThat(methods).hasSizeGreaterThan(10);
        return methods.stream().map(method -> DynamicTest.dynamicTest(method.getName(), () -> run(scenarios, method)));
    }

    private static void run(Class<?> scenarios, Method method) throws Throwable {
        try {
            method.invoke(scenarios.getConstructor().newInstance());
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
