namespace OpenStackSev.Architecture.Tests;

/// <summary>What neither the compiler nor <c>dotnet format whitespace</c> looks at.</summary>
public sealed class Usings
{
    /// <summary>Namespaces, those of System first; then types; then aliases.</summary>
    private enum Kind
    {
        System,
        Namespace,
        Static,
        Alias,
    }

    [Fact]
    public void Using_directives_are_in_order()
    {
        string[] sources = [.. new[] { "src", "tests" }.SelectMany(folder => Directory.GetFiles(Path.Join(Repository.Root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !new[] { "/obj/", "/bin/", "/Migrations/" }.Any(part => file.Contains(part, StringComparison.Ordinal)))];
        Assert.True(sources.Length > 1000);
        Assert.Empty(sources.Where(file => !IsInOrder(File.ReadLines(file))).Select(file => Path.GetRelativePath(Repository.Root, file)));
    }

    [Theory]
    [InlineData(true, "using System.Text;", "using OpenStackSev.Api;", "using OpenStackSev.Api.Hosts;", "using static System.Math;", "using Z = A.B;")]
    [InlineData(false, "using OpenStackSev.Api;", "using System.Text;")]
    [InlineData(false, "using OpenStackSev.Api.Hosts;", "using OpenStackSev.Api;")]
    [InlineData(false, "using static System.Math;", "using OpenStackSev.Api;")]
    [InlineData(true, "using Systems.Api;", "using Xunit;", "namespace X;", "using (file)", "using System.Text;")]
    public void Order_is_told_from_disorder(bool expected, params string[] lines) => Assert.Equal(expected, IsInOrder(lines));

    private static bool IsInOrder(IEnumerable<string> lines)
    {
        (Kind Kind, string Name)[] found = [.. lines.TakeWhile(line => !line.StartsWith("namespace", StringComparison.Ordinal))
            .Where(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';')).Select(Read)];
        return found.SequenceEqual(found.OrderBy(one => one.Kind).ThenBy(one => one.Name, StringComparer.OrdinalIgnoreCase));
    }

    private static (Kind Kind, string Name) Read(string line)
    {
        string text = line["using ".Length..^1];
        // A dot comes before all that a name is made of, so that a namespace comes before what is in it.
        string name = text.Replace('.', '\0');
        return text.StartsWith("static ", StringComparison.Ordinal) ? (Kind.Static, name)
            : text.Contains('=', StringComparison.Ordinal) ? (Kind.Alias, name)
            : text == "System" || text.StartsWith("System.", StringComparison.Ordinal) ? (Kind.System, name)
            : (Kind.Namespace, name);
    }
}
