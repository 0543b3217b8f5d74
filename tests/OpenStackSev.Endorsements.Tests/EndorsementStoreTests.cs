using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Endorsements.Tests;

public sealed class EndorsementStoreTests : EndorsementStoreLab
{
    [Theory, InlineData(false), InlineData(true)]
    public async Task The_VCEKs_of_200_hosts_are_learnt_through_a_KDS_that_answers_once_in_10_seconds_and_the_rest_of_the_work_goes_on(bool othersAskToo)
    {
        const int Hosts = 200;
        _kds.Interval = TimeSpan.FromSeconds(10);
        int refused = 0;
        // Somebody else behind the same address takes every seventh turn.
        _kds.Trouble = _ => othersAskToo && ++refused % 7 == 0 ? FakeKds.Answer(429, refused % 2 == 0 ? "13" : null) : null;

        Task<VekCertificate>[] vceks = [.. Enumerable.Range(0, Hosts).Select(host => VcekAsync(host))];
        await _time.RunAsync(_queue, Task.WhenAny(vceks));
        VekCertificate known = await (await Task.WhenAny(vceks));
        int knownHost = known.ChipId!.Value.Span[7];

        // A hit needs no turn, also in another store on the folder; a CRL and another line's chain pass those who wait.
        Assert.True(VcekAsync(knownHost).IsCompletedSuccessfully);
        using (EndorsementStore other = Store(null))
            Assert.Equal(known.Der, (await other.VcekAsync(ProductLine.Turin, Simulated.Chip(knownHost), Simulated.Tcb, Ct)).Der);
        await _time.RunAsync(_queue, _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct));
        await _time.RunAsync(_queue, _store.IssuersAsync(ProductLine.Milan, SigningKey.Vlek, Ct));
        Assert.Contains(vceks, vcek => !vcek.IsCompleted);

        await _time.RunAsync(_queue, Task.WhenAll(vceks));
        for (int host = 0; host < Hosts; host++)
            Assert.Equal(Simulated.Chip(host), (await vceks[host]).ChipId!.Value.ToArray());

        FakeKds.Request[] answered = [.. _kds.Requests.Where(request => request.Status == 200)];
        Assert.Equal(Hosts, answered.Where(request => request.Path.Contains("fmcSPL", StringComparison.Ordinal)).Select(request => request.Path).Distinct().Count());
        Assert.Equal(Hosts + 3, answered.Length);
        Assert.Equal(othersAskToo ? (refused / 7) : 0, _kds.Requests.Count(request => request.Status == 429));
        Assert.All(_kds.Requests.Zip(_kds.Requests.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(10)));
        Assert.Equal(1, _kds.MostAtOnce);
        Assert.Empty(_noticed);
    }

    [Fact]
    public async Task Who_ask_for_one_VCEK_at_once_share_one_request()
    {
        Task<VekCertificate>[] all = [.. Enumerable.Range(0, 50).Select(_ => Task.Run(() => VcekAsync(1)))];
        await _time.RunAsync(_queue, Task.WhenAll(all));
        Assert.Equal(1, _kds.Count("/vcek/v1/Turin/c0ffee"));
        Assert.Equal(1, _kds.Count("cert_chain"));
        Assert.Single(all.Select(task => task.Result).Distinct());
    }

    [Fact]
    public async Task One_who_leaves_does_not_take_the_fetch_from_the_others_and_the_last_one_does()
    {
        await _time.RunAsync(_queue, VcekAsync(0));
        using CancellationTokenSource one = new(), other = new();
        Task<VekCertificate> leaves = VcekAsync(1, one.Token), stays = VcekAsync(1);
        await one.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        await _time.RunAsync(_queue, stays);
        Assert.Equal(1, _kds.Count("0001?"));

        Task<VekCertificate> alone = VcekAsync(2, other.Token);
        while (_queue.Status.Waiting == 0)
            await Task.Yield();
        await other.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alone);
        while (_queue.Status.Waiting > 0)
            await Task.Yield();
        Assert.Equal(0, _kds.Count("0002?"));
        await _time.RunAsync(_queue, VcekAsync(2));
    }

    [Fact]
    public async Task What_was_fetched_is_in_the_folder_after_a_restart_and_needs_no_network()
    {
        await _time.RunAsync(_queue, VcekAsync(1));
        await _time.RunAsync(_queue, _store.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct));
        using EndorsementStore restarted = Store(null);
        Assert.Equal(Simulated.Chip(1), (await restarted.VcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct)).ChipId!.Value.ToArray());
        await restarted.RevocationsAsync(ProductLine.Turin, SigningKey.Vcek, Ct);
        Assert.True((await restarted.IssuersAsync(ProductLine.Turin, SigningKey.Vcek, Ct)).Simulated);
        Assert.Equal(["ark.der", "ask.der", "vcek.crl"], Directory.GetFiles(_folder.At("Turin")).Select(Path.GetFileName).Order());
        Assert.Equal(KdsCodes.Disabled,
            (await Assert.ThrowsAsync<KdsException>(() => restarted.VcekAsync(ProductLine.Turin, Simulated.Chip(2), Simulated.Tcb, Ct))).Code);
        Assert.Empty(restarted.List().AllFindings);
    }

    [Fact]
    public async Task TCBs_that_differ_in_FMC_alone_are_two_certificates()
    {
        VekCertificate one = await _time.RunAsync(_queue, _store.VcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct));
        VekCertificate two = await _time.RunAsync(_queue, _store.VcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb with { Fmc = 2 }, Ct));
        Assert.Equal(((byte?)1, (byte?)2), (one.Tcb.Fmc, two.Tcb.Fmc));
        Assert.Equal(2, _kds.Count("fmcSPL"));
    }

    [Theory, InlineData("truncated"), InlineData("garbage"), InlineData("empty"), InlineData("huge"), InlineData("another chip's"), InlineData("forged")]
    public async Task A_file_that_is_not_what_it_should_be_is_fetched_again_and_noticed(string how)
    {
        await _time.RunAsync(_queue, VcekAsync(1));
        await _time.RunAsync(_queue, VcekAsync(2));
        byte[] good = await File.ReadAllBytesAsync(VcekFile(1), Ct);
        await File.WriteAllBytesAsync(VcekFile(1), how switch
        {
            "truncated" => good[..^100],
            "garbage" => [.. Enumerable.Repeat((byte)0x30, 900)],
            "empty" => [],
            "huge" => new byte[EndorsementFolder.MaximumFileSize + 1],
            "another chip's" => await File.ReadAllBytesAsync(VcekFile(2), Ct),
            _ => Simulated.Vcek(Simulated.OtherTurin, Simulated.Chip(1), Simulated.Tcb),
        }, Ct);
        using EndorsementStore restarted = Store(_queue);
        VekCertificate again = await _time.RunAsync(_queue, restarted.VcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct));
        Assert.Equal(Simulated.Chip(1), again.ChipId!.Value.ToArray());
        Assert.Equal(2, _kds.Count("0001?"));
        Assert.Equal(again.Der.ToArray(), await File.ReadAllBytesAsync(VcekFile(1), Ct));
        Finding noticed = Assert.Single(_noticed);
        Assert.Equal(how switch
        {
            "huge" => EndorsementCodes.FileUnreadable.Code,
            "another chip's" => EndorsementCodes.FileMisplaced.Code,
            "forged" => SnpCodes.VekSignature.Code,
            _ => EndorsementCodes.FileMalformed.Code,
        }, noticed.Code);
    }

    [Fact]
    public async Task A_corrupted_issuer_is_fetched_again()
    {
        await _time.RunAsync(_queue, VcekAsync(1));
        await File.WriteAllTextAsync(_folder.At("Turin/ask.der"), "not any more", Ct);
        using EndorsementStore restarted = Store(_queue);
        await _time.RunAsync(_queue, restarted.IssuersAsync(ProductLine.Turin, SigningKey.Vcek, Ct));
        Assert.Equal(2, _kds.Count("cert_chain"));
        Assert.Empty(restarted.List().AllFindings);
    }

    [Theory]
    [InlineData("another chip"), InlineData("another TCB"), InlineData("another FMC"), InlineData("unsigned"), InlineData("a VLEK"), InlineData("an ASK")]
    public async Task What_was_not_asked_for_or_leads_nowhere_is_neither_given_nor_kept(string what)
    {
        byte[] chip = Simulated.Chip(1);
        byte[] wrong = what switch
        {
            "another chip" => Simulated.Vcek(Simulated.Turin, Simulated.Chip(2), Simulated.Tcb),
            "another TCB" => Simulated.Vcek(Simulated.Turin, chip, Simulated.Tcb with { Snp = 3 }),
            "another FMC" => Simulated.Vcek(Simulated.Turin, chip, Simulated.Tcb with { Fmc = 0 }),
            "unsigned" => Simulated.Vcek(Simulated.OtherTurin, chip, Simulated.Tcb),
            "a VLEK" => Vlek(),
            _ => Simulated.Turin.Ask.Certificate,
        };
        _kds.Trouble = path => path.Contains("fmcSPL", StringComparison.Ordinal) ? FakeKds.Answer(System.Net.HttpStatusCode.OK, wrong) : null;
        KdsException failure = await FailureAsync(1);
        Assert.Equal((KdsCodes.Untrusted, false), (failure.Code, failure.IsTransient));
        Assert.False(File.Exists(VcekFile(1)));
        _kds.Trouble = _ => null;
        await _time.RunAsync(_queue, VcekAsync(1));

        static byte[] Vlek()
        {
            using SimulatedKey key = Simulated.Turin.IssueVlek("CN=cloud", new(1, 1, 1, 4, 81));
            return key.Certificate;
        }
    }

    [Fact]
    public async Task A_root_that_is_neither_AMDs_nor_named_is_refused_before_anything_is_kept()
    {
        _store.Dispose();
        _store = Store(_queue, new HashSet<string>(StringComparer.Ordinal));
        KdsException failure = await FailureAsync(1);
        Assert.Equal(KdsCodes.Untrusted, failure.Code);
        Assert.Contains(SnpCodes.RootUntrusted.Code, failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.At("Turin")));
    }

    [Fact]
    public async Task A_chip_that_KDS_does_not_know_is_asked_for_once_in_ten_minutes_and_not_on_disk()
    {
        await _time.RunAsync(_queue, VcekAsync(0));
        _kds.Trouble = path => path.Contains("0001?", StringComparison.Ordinal) ? FakeKds.Answer(404) : null;
        for (int i = 0; i < 5; i++)
            Assert.Equal(KdsCodes.NotFound, (await FailureAsync(1)).Code);
        Assert.Equal(1, _kds.Count("0001?"));
        Assert.False(File.Exists(VcekFile(1)));
        _time.Advance(TimeSpan.FromMinutes(10));
        _kds.Trouble = _ => null;
        await _time.RunAsync(_queue, VcekAsync(1));
        Assert.Equal(2, _kds.Count("0001?"));
    }

    [Fact]
    public async Task An_issuer_that_AMD_replaced_is_learnt_and_the_old_one_stays()
    {
        await _time.RunAsync(_queue, VcekAsync(1));
        using SimulatedAuthority renewed = Renewed();
        FakeKds after = new(_time, renewed);
        using KdsQueue queue = after.Queue();
        using EndorsementStore store = Store(queue, new HashSet<string>(StringComparer.Ordinal) { Simulated.Turin.Ark.Fingerprint });
        VekCertificate two = await _time.RunAsync(queue, store.VcekAsync(ProductLine.Turin, Simulated.Chip(2), Simulated.Tcb, Ct));
        Assert.Equal(Simulated.Chip(2), two.ChipId!.Value.ToArray());
        Assert.Equal(2, Directory.GetFiles(_folder.At("Turin"), "ask*.der").Length);
        using EndorsementStore restarted = Store(null);
        await restarted.VcekAsync(ProductLine.Turin, Simulated.Chip(1), Simulated.Tcb, Ct);
        await restarted.VcekAsync(ProductLine.Turin, Simulated.Chip(2), Simulated.Tcb, Ct);
        Assert.Empty(restarted.List().AllFindings);
    }

    /// <summary>The same root with a new ASK.</summary>
    private static SimulatedAuthority Renewed()
    {
        using TemporaryFolder old = new();
        Simulated.Turin.Save(old.Path);
        using SimulatedAuthority other = SimulatedAuthority.Create(SimulatedLine.Turin, new()
        {
            KeyBits = 2048,
            Ask = new() { SignedBy = Simulated.Turin.Ark.Key, Serial = 0x30002 },
        });
        File.WriteAllText(old.At("ask.pem"), other.Ask.CertificatePem);
        File.WriteAllText(old.At("ask.key"), other.Ask.Key.ExportPkcs8PrivateKeyPem());
        return SimulatedAuthority.Load(old.Path);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_costs_a_notice_and_nothing_else()
    {
        await File.WriteAllTextAsync(_folder.At("Turin"), "a file where the folder should be", Ct);
        VekCertificate vcek = await _time.RunAsync(_queue, VcekAsync(1));
        Assert.Equal(Simulated.Chip(1), vcek.ChipId!.Value.ToArray());
        Assert.True(VcekAsync(1).IsCompletedSuccessfully);
        Assert.Contains(_noticed, finding => finding.Code == EndorsementCodes.FolderUnwritable.Code);
    }

    [Fact]
    public async Task Files_are_readable_by_all_writable_by_the_owner_and_leave_nothing_beside_them()
    {
        await _time.RunAsync(_queue, VcekAsync(1));
        foreach (string file in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.EndsWith(".der", file, StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(file) & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.UserExecute));
        }
    }

    [Fact]
    public void Many_writers_and_readers_of_one_file_never_see_half_of_it()
    {
        EndorsementFolder folder = new(_folder.Path);
        EndorsementFile file = EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek);
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            if (i % 2 == 0)
                folder.Write(file, [.. Enumerable.Repeat((byte)i, 100_000 + i)], _time.GetUtcNow());
            else if (folder.Read(file) is { } content)
                Assert.Equal((100_000 + content[0], 1), ((content.Length - 100_000) % 256 + 100_000, content.Distinct().Count()));
        });
        Assert.Single(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Theory, InlineData("milan-v3", "vcek.pem", ProductLine.Milan), InlineData("genoa-v3", "vcek.pem", ProductLine.Genoa), InlineData("turin-v5", "vcek.pem", ProductLine.Turin)]
    public async Task A_real_VCEK_comes_through_under_AMDs_own_root(string vector, string file, ProductLine line)
    {
        VekCertificate real = Vectors.Key($"snp/{vector}/{file}");
        string name = line.ToString().ToLowerInvariant();
        _kds.Trouble = path => path.Contains("cert_chain", StringComparison.Ordinal)
            ? FakeKds.Answer(System.Net.HttpStatusCode.OK, System.Text.Encoding.ASCII.GetBytes(string.Concat(new[] { "ask", "ark" }.Select(role =>
                System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", Vectors.Read($"roots/{name}_{role}.der")) + "\n"))))
            : FakeKds.Answer(System.Net.HttpStatusCode.OK, real.Der.ToArray());
        using EndorsementStore strict = Store(_queue, new HashSet<string>(StringComparer.Ordinal));
        byte[] chipIdOfReport = [.. real.ChipId!.Value.ToArray(), .. new byte[64 - real.ChipId.Value.Length]];
        VekCertificate vcek = await _time.RunAsync(_queue, strict.VcekAsync(line, chipIdOfReport, real.Tcb, Ct));
        Assert.Equal(real.Der, vcek.Der);
        Assert.False((await strict.IssuersAsync(line, SigningKey.Vcek, Ct)).Simulated);
        Assert.Empty(strict.List().AllFindings);
    }
}
