using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Rounds;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Handover;

/// <summary>What the workload gets over the socket, and what hostile neighbours do not.</summary>
public sealed class WorkloadSocketTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly GuestState state = new();
    private readonly GuestKey key = new();
    private readonly JumpingTime time = new();
    private readonly WorkloadSocket socket;
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public WorkloadSocketTests()
    {
        socket = new WorkloadSocket(Path, new Workload(state, key, new ConfigfsTsm(new FakeConfigfs(), TimeProvider.System), time), TimeProvider.System);
        _ = socket.RunAsync(stop.Token);
    }

    private string Path => folder.At("guest.sock");

    public void Dispose()
    {
        stop.Cancel();
        socket.Dispose();
        key.Dispose();
        folder.Dispose();
        stop.Dispose();
    }

    [Fact]
    public void Only_owner_and_group_may_connect() =>
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(Path));

    [Fact]
    public async Task A_token_is_there_from_its_result_to_its_end_by_the_monotonic_clock()
    {
        Assert.Equal(SocketCodes.NoToken, (await AskAsync("token")).Error!.Code);
        Hold("affirming", "a.b.c", expiresIn: 600);
        Assert.Equal("a.b.c", (await AskAsync("token")).Token);
        time.Jump(TimeSpan.FromDays(4000));
        Assert.Equal("a.b.c", (await AskAsync("token")).Token);
        GuestStatus status = (await AskAsync("status")).Status!;
        Assert.Equal(("affirming", 600), (status.Verdict, status.TokenExpiresIn));
        time.Inner.Advance(TimeSpan.FromSeconds(600));
        state.Failing = new Failure("guest.control.unreachable", "away");
        Assert.Equal("guest.control.unreachable", (await AskAsync("token")).Error!.Code);
        status = (await AskAsync("status")).Status!;
        Assert.Equal(("none", null, "guest.control.unreachable"), (status.Verdict, status.TokenExpiresIn, status.Failing!.Code));
    }

    [Fact]
    public async Task A_verdict_without_a_token_ends_too()
    {
        Hold("contraindicated", token: null, expiresIn: null);
        Assert.Equal("contraindicated", (await AskAsync("status")).Status!.Verdict);
        time.Inner.Advance(TimeSpan.FromSeconds(600));
        Assert.Equal("none", (await AskAsync("status")).Status!.Verdict);
    }

    [Fact]
    public async Task A_signature_is_of_the_key_that_the_control_plane_saw()
    {
        byte[] message = Encoding.UTF8.GetBytes("a relying party's nonce");
        byte[] signature = (await AskAsync("sign", message)).Signature!;
        using ECDsa publicKey = ECDsa.Create();
        publicKey.ImportSubjectPublicKeyInfo(key.PublicKey, out _);
        Assert.True(publicKey.VerifyData(message, signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        Assert.Equal(SocketCodes.Malformed, (await AskAsync("sign", [])).Error!.Code);
        Assert.Equal(SocketCodes.Malformed, (await AskAsync("sign", new byte[SocketRequest.LongestMessage + 1])).Error!.Code);
        Assert.NotNull((await AskAsync("sign", new byte[SocketRequest.LongestMessage])).Signature);
    }

    [Fact]
    public async Task A_report_is_of_exactly_64_bytes()
    {
        Assert.Equal(Given.ReportData(), (await AskAsync("report", Given.ReportData())).Report!.Report[0x50..0x90]);
        Assert.Equal(SocketCodes.Malformed, (await AskAsync("report", new byte[63])).Error!.Code);
        Assert.Equal(SocketCodes.Malformed, (await AskAsync("report")).Error!.Code);
    }

    [Theory]
    [InlineData("garbage"), InlineData("{}"), InlineData("null"), InlineData("[]"), InlineData("""{"ask":"key"}"""), InlineData("""{"ask":"token","more":1}"""), InlineData("")]
    public async Task What_is_no_request_gets_an_answer_that_says_so(string line)
    {
        using JsonDocument answer = JsonDocument.Parse(await SendAsync(Encoding.UTF8.GetBytes(line + "\n")));
        Assert.Equal(SocketCodes.Malformed, answer.RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_line_without_end_is_refused_and_others_are_served_meanwhile()
    {
        using Socket silent = await ConnectAsync(), halves = await ConnectAsync();
        await halves.SendAsync("{\"ask\""u8.ToArray());
        Assert.NotNull((await AskAsync("status")).Status);
        // The socket answers as soon as it is too much, and may close before all of it was sent.
        string answer = await SendAsync(new byte[SocketRequest.LongestLine + 4096]);
        Assert.True(answer.Length == 0 || answer.Contains(SocketCodes.Malformed, StringComparison.Ordinal));
        Assert.NotNull((await AskAsync("status")).Status);
    }

    [Fact]
    public async Task Neither_ticket_nor_private_key_is_in_any_answer()
    {
        state.Instructions = new Guest.Instructions.FoundInstructions(Given.Instructions, "here");
        Hold("affirming", "a.b.c", 600);
        foreach (string ask in new[] { "token", "status" })
            Assert.DoesNotContain(Given.Ticket, await SendAsync(Encoding.UTF8.GetBytes($$"""{"ask":"{{ask}}"}""" + "\n")), StringComparison.Ordinal);
    }

    private void Hold(string verdict, string? token, int? expiresIn) => state.Result =
        new HeldResult(new RoundResult(new EvidenceAnswer(verdict, [], 300, token, expiresIn), "configfs-tsm", false), time.GetUtcNow(), time.GetTimestamp());

    private Task<SocketAnswer> AskAsync(string ask, byte[]? data = null) => WorkloadClient.AskAsync(Path, new SocketRequest(ask, data), stop.Token);

    private async Task<Socket> ConnectAsync()
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path), stop.Token);
        return connection;
    }

    private async Task<string> SendAsync(byte[] content)
    {
        using Socket connection = await ConnectAsync();
        await using var stream = new NetworkStream(connection);
        try
        {
            await stream.WriteAsync(content, stop.Token);
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(stop.Token);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
