using System.Net.Sockets;
using System.Text;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests;

/// <summary>What the web server refuses by itself, before there is a request that anybody could word: a bare status, and the connection ends.</summary>
/// <remarks>Each request ends with the byte that is too much, so that nothing unread is left when the server hangs up.</remarks>
public sealed class WebServerAnswersTests
{
    private const string Start = "GET / HTTP/1.1\r\nHost: control\r\n";

    /// <summary>Which the server does not count.</summary>
    private const int EmptyLine = 2;

    private static readonly string s_readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "README.md"));

    public static TheoryData<string, int, string> Refused => new()
    {
        { "headers of more than 64 KiB", 431, Start + Filled("X-Large: ", HeadLimitMiddleware.ReadBytes + EmptyLine + 1 - "Host: control\r\n".Length) },
        { "more than 100 headers", 431, Start + string.Concat(Enumerable.Repeat("X-Many: 1\r\n", 100)) },
        { "a request line of more than 8 KiB", 414, Filled("GET /", 8 * 1024 + 1) },
        { "`%00` in a path", 400, "GET /v1/hosts/%00 HTTP/1.1\r\nHost: control\r\n\r\n" },
        { "no `Host`", 400, "GET / HTTP/1.1\r\n\r\n" },
        { "what is not HTTP", 400, "hello\r\n" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_never_becomes_a_request_gets_a_bare_status_as_the_README_says(string what, int status, string request)
    {
        await using RunningControl control = await RunningControl.StartAsync();
        string answer = await AnswerAsync(control.Url, request);
        string[] head = answer.Split("\r\n\r\n")[0].Split("\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", head[0], StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 0", head);
        Assert.Contains("Connection: close", head);
        Assert.DoesNotContain(head, line => line.StartsWith("Server:", StringComparison.OrdinalIgnoreCase) || line.StartsWith(RequestIds.Header, StringComparison.OrdinalIgnoreCase));
        Assert.Contains($"| {what} | {status} |", s_readme, StringComparison.Ordinal);
    }

    private static string Filled(string beginning, int length) => beginning.PadRight(length, 'a');

    private static async Task<string> AnswerAsync(Uri url, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
