namespace OpenStackSev;

/// <summary>The checkout that these tests were built from. Compiled into each test project.</summary>
internal static class Repository
{
    /// <summary>The folder of OpenStackSev.sln.</summary>
    public static string Root { get; } = Find();

    // The fuzzer's instrumented copy may lie anywhere: it is started from the checkout.
    private static string Find() => Above(AppContext.BaseDirectory) ?? Above(Environment.CurrentDirectory)
        ?? throw new DirectoryNotFoundException($"no OpenStackSev.sln above {AppContext.BaseDirectory} or {Environment.CurrentDirectory}");

    private static string? Above(string? folder)
    {
        while (folder is not null && !File.Exists(Path.Join(folder, "OpenStackSev.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder;
    }
}
