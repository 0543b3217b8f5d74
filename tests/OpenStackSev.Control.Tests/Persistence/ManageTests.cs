using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary><c>manage db</c> and <c>manage history</c> as they are typed.</summary>
public sealed class ManageTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-manage-").FullName;

    private string Database => Path.Join(folder, "state", "control.sqlite");
    private string Key => Path.Join(folder, "state", "history.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Sync_makes_the_database_and_a_key_that_only_its_owner_reads_once()
    {
        (int code, string output, string error) = await RunAsync("db", "sync");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("applied", output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----", await File.ReadAllTextAsync(Key + ".pub"), StringComparison.Ordinal);

        string made = await File.ReadAllTextAsync(Key);
        (code, output, _) = await RunAsync("db", "sync");
        Assert.Equal((0, $"{Database} is up to date\n"), (code, output));
        Assert.Equal(made, await File.ReadAllTextAsync(Key));
    }

    [Fact]
    public async Task A_whole_history_is_said_to_hold()
    {
        await RunAsync("db", "sync");
        Assert.Equal((0, "the history is empty\n", ""), await RunAsync("history", "verify"));
        await WriteAsync(3);
        Assert.Equal((0, "writer 'control-1': rows 1 to 3 hold, 0 signed heads compared\n", ""), await RunAsync("history", "verify"));
    }

    [Fact]
    public async Task The_first_broken_row_is_named_with_its_writer_and_why()
    {
        await RunAsync("db", "sync");
        await WriteAsync(3);
        TemporaryDatabase.Tamper(Database, "UPDATE history SET Kind = 'x' WHERE Sequence = 2");
        (int code, string output, string error) = await RunAsync("history", "verify");
        Assert.Equal((1, "", "error: writer 'control-1' row 2: history.row.changed: "
            + "its hash does not follow from row 1 and its content: one of the two was changed\n"), (code, output, error));
    }

    [Fact]
    public async Task Rows_cut_off_at_the_end_are_named_with_exported_heads_and_the_public_key()
    {
        await RunAsync("db", "sync");
        await WriteAsync(3);
        string heads = Path.Join(folder, "events.json"), publicKey = Path.Join(folder, "auditor.pem");
        File.Move(Key + ".pub", publicKey);
        TemporaryDatabase.Tamper(Database, "DELETE FROM history WHERE Sequence = 3");
        (int code, _, string error) = await RunAsync("history", "verify", "--heads", heads, "--key", publicKey);
        Assert.Equal(1, code);
        Assert.Contains("row 3: history.truncated: the chain ends at row 2, but row 3 was there at 2026-11-25T12:00:00", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_there_is_never_replaced()
    {
        await RunAsync("db", "sync");
        (int code, _, string error) = await RunAsync("history", "create-key");
        Assert.Equal(1, code);
        Assert.Contains("hint: a key that is there is never replaced", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotated_key_signs_what_comes_and_what_those_before_signed_goes_on_verifying()
    {
        await RunAsync("db", "sync");
        await WriteAsync(2);
        string heads = Path.Join(folder, "events.json"), old = Path.Join(folder, "old.pem");
        string[] first = await File.ReadAllLinesAsync(heads);
        File.Copy(Key + ".pub", old);
        for (int i = 0; i < 2; i++)
        {
            (int code, string output, string error) = await RunAsync("keys", "rotate", "history");
            Assert.Equal((0, ""), (code, error));
            Assert.Contains("restart the service", output, StringComparison.Ordinal);
        }

        await WriteAsync(2);
        await File.AppendAllLinesAsync(heads, first);
        Assert.Equal((0, "writer 'control-1': rows 1 to 4 hold, 2 signed heads compared\n", ""), await RunAsync("history", "verify", "--heads", heads));
        Assert.Equal((0, "writer 'control-1': rows 1 to 4 hold, 2 signed heads compared\n", ""), await RunAsync("history", "verify", "--heads", heads, "--key", Key + ".pub"));
        (int refused, _, string why) = await RunAsync("history", "verify", "--heads", heads, "--key", old);
        Assert.Equal(1, refused);
        Assert.Contains("row 4: history.head.signature: ", why, StringComparison.Ordinal);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Key));
        // Of the keys before no private half is left.
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(await File.ReadAllTextAsync(Key), "BEGIN PRIVATE KEY"));
    }

    [Fact]
    public async Task A_key_that_others_may_read_does_not_sign()
    {
        await RunAsync("db", "sync");
        File.SetUnixFileMode(Key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        HistoryKeyException e = Assert.Throws<HistoryKeyException>(() => HistoryKey.Load(Key));
        Assert.Contains("chmod 0600", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not a key")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvZ3A+0mPcCS0BZ1wvJpCkvp3wuYzGqbWGcZ1XNqEh8XwWzkTqSeTuu4ECbGgNYjzkcGO3yO7ijWTnBSRtBfYJA==\n-----END PUBLIC KEY-----")]
    public async Task What_is_no_key_on_P_384_is_refused(string text)
    {
        await RunAsync("db", "sync");
        string file = Path.Join(folder, "other.pem");
        await File.WriteAllTextAsync(file, text);
        (int code, _, string error) = await RunAsync("history", "verify", "--key", file);
        Assert.Equal(1, code);
        Assert.StartsWith($"error: {file}: ", error, StringComparison.Ordinal);
    }

    /// <summary>Appends rows as a service does, and exports a head of the last one.</summary>
    private async Task WriteAsync(int rows)
    {
        await using TemporaryDatabase database = TemporaryDatabase.Over(Database);
        for (int i = 1; i <= rows; i++)
            await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", $"{i}"));
        using HistoryKey key = HistoryKey.Load(Key);
        using var signer = new HeadSigner(database.History, key, database.Events, database.Time, TimeSpan.FromMinutes(5));
        signer.Sign();
        await File.WriteAllLinesAsync(Path.Join(folder, "events.json"), database.Lines.Lines);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(params string[] words)
    {
        string file = Path.Join(folder, "control.conf");
        await File.WriteAllTextAsync(file, $"[DEFAULT]\nstate_dir = {folder}/state\n[keystone_authtoken]\nauth_url = http://127.0.0.1:5000/v3\npassword = p\n");
        using StringWriter output = new(), error = new();
        int code = await ControlCommands.RunAsync([.. words.Prepend("manage"), "--config-file", file], output, error);
        return (code, output.ToString(), error.ToString());
    }
}
