using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Reattestation.Keys;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Tickets;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>Tickets and the files of keys.</summary>
public sealed partial class KeyTests : IDisposable
{
    private static readonly Guid s_instance = new("aaaaaaaa-1111-4111-8111-111111111111");

    private readonly string folder = Directory.CreateTempSubdirectory("osev-keys").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_ticket_is_short_printable_and_always_the_same()
    {
        TicketKeys keys = TicketKeys.Parse(new string('0', 63) + "1\n");
        string ticket = Ticket.Of(keys.Current, s_instance);
        // Computed beside this program: HMAC-SHA256 with that key over the label and the 16 bytes.
        Assert.Equal("ec4916dd.aaaaaaaa111141118111111111111111.uSPvjqzfsHzLV-gj2csoE6plMK_b4MS2oCMFjwLwQY0", ticket);
        Assert.True(ticket.Length <= 255 && Printable().IsMatch(ticket));
        Assert.True(Ticket.TryRead(ticket, keys, out Guid read));
        Assert.Equal(s_instance, read);
    }

    [Fact]
    public void No_other_text_is_a_ticket()
    {
        TicketKeys keys = TicketKeys.Parse(NewKeys.Ticket());
        string ticket = Ticket.Of(keys.Current, s_instance);
        for (int i = 0; i < ticket.Length; i++)
        {
            foreach (char other in "0aA.-_=é".Where(other => other != ticket[i]))
                Assert.False(Ticket.TryRead(ticket[..i] + other + ticket[(i + 1)..], keys, out _), $"character {i}");
            Assert.False(Ticket.TryRead(ticket[..i], keys, out _));
        }

        Assert.False(Ticket.TryRead(ticket + "=", keys, out _));
        Assert.False(Ticket.TryRead(ticket, TicketKeys.Parse(NewKeys.Ticket()), out _));
    }

    [Fact]
    public void After_a_rotation_old_tickets_and_results_are_good_until_their_key_is_pushed_out()
    {
        string file = Path.Join(folder, "tickets.keys");
        NewKeys.Create(file, NewKeys.Ticket());
        var keys = new KeyFile<TicketKeys>(file, TicketKeys.Parse, isSecret: true, NullLogger.Instance);
        string first = Ticket.Of(keys.Current().Current, s_instance);
        for (int rotations = 1; rotations <= 4; rotations++)
        {
            NewKeys.Rotate(file, NewKeys.Ticket(), TicketKeys.Split);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch.AddDays(rotations));
            Assert.NotEqual(first, Ticket.Of(keys.Current().Current, s_instance));
            Assert.Equal(rotations < 4, Ticket.TryRead(first, keys.Current(), out _));
        }

        string results = Path.Join(folder, "results.keys");
        NewKeys.Create(results, NewKeys.Result());
        ResultKeys before = ResultKeys.Parse(File.ReadAllText(results));
        NewKeys.Rotate(results, NewKeys.Result(), ResultKeys.Split);
        ResultKeys after = ResultKeys.Parse(File.ReadAllText(results));
        Assert.Equal([after.Current.KeyId, before.Current.KeyId], after.Verification.KeyIds);
        Assert.NotEqual(before.Current.KeyId, after.Current.KeyId);
        Assert.True(EarVerificationKeys.TryParse(after.Published, out EarVerificationKeys? published, out _));
        Assert.Equal(2, published.KeyIds.Count);
        Assert.DoesNotContain("\"d\"", System.Text.Encoding.UTF8.GetString(after.Published), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(results));
    }

    [Theory]
    [InlineData("")]
    [InlineData("short\n")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000\nZ\n")]
    public void A_file_of_something_else_is_used_by_nobody(string text)
    {
        string file = Path.Join(folder, "keys");
        NewKeys.Create(file, text);
        ApiException e = Assert.Throws<ApiException>(() => new KeyFile<TicketKeys>(file, TicketKeys.Parse, isSecret: true, NullLogger.Instance).Current());
        Assert.Equal(AttestationErrors.KeysUnavailable, e.Error);
        Assert.Throws<FormatException>(() => ResultKeys.Parse(text));
    }

    [Fact]
    public void A_file_that_others_may_read_or_that_is_gone_is_used_by_nobody()
    {
        string file = Path.Join(folder, "keys");
        NewKeys.Create(file, NewKeys.Ticket());
        var keys = new KeyFile<TicketKeys>(file, TicketKeys.Parse, isSecret: true, NullLogger.Instance);
        keys.Current();
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        Assert.Throws<ApiException>(() => keys.Current());
        File.Delete(file);
        Assert.Throws<ApiException>(() => keys.Current());
    }

    [Fact]
    public async Task The_command_line_makes_what_is_missing_and_rotates()
    {
        string configuration = Path.Join(folder, "control.conf");
        await File.WriteAllTextAsync(configuration, $"[DEFAULT]\nstate_dir = {folder}/state\n[keystone_authtoken]\nauth_url = http://127.0.0.1:5000\npassword = x\n");
        async Task<string> RunAsync(params string[] args)
        {
            using var output = new StringWriter();
            Assert.Equal(0, await ControlCommands.RunAsync([.. args, "--config-file", configuration], output, output));
            return output.ToString();
        }

        string made = await RunAsync("manage", "db", "sync");
        Assert.Contains($"{folder}/state/tickets.keys: made a key for tickets", made, StringComparison.Ordinal);
        string before = await File.ReadAllTextAsync(Path.Join(folder, "state", "results.keys"));
        Assert.DoesNotContain("results.keys", await RunAsync("manage", "db", "sync"), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Join(folder, "state", "results.keys")));
        await RunAsync("manage", "keys", "rotate", "results");
        await RunAsync("manage", "keys", "rotate", "tickets");
        Assert.Equal(2, TicketKeys.Split(await File.ReadAllTextAsync(Path.Join(folder, "state", "tickets.keys"))).Count);
        Assert.EndsWith(before.Trim(), (await File.ReadAllTextAsync(Path.Join(folder, "state", "results.keys"))).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bucket_fills_again_with_time_and_each_key_has_its_own()
    {
        var time = new FakeTimeProvider();
        var buckets = new TokenBuckets<string>(perMinute: 60, burst: 2, time);
        Assert.Null(buckets.Take("a"));
        Assert.Null(buckets.Take("a"));
        Assert.Equal(TimeSpan.FromSeconds(1), buckets.Take("a"));
        Assert.Null(buckets.Take("b"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(buckets.Take("a"));
        Assert.NotNull(buckets.Take("a"));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Null(buckets.Take("a"));
        Assert.Null(buckets.Take("a"));
        Assert.NotNull(buckets.Take("a"));
        Assert.All(Enumerable.Repeat("x", 1000), key => Assert.Null(new TokenBuckets<string>(0, 0, time).Take(key)));
    }

    [GeneratedRegex(@"\A[!-~]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Printable();
}
